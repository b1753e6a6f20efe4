// SPDX-License-Identifier: Apache-2.0
// What state machines may do beside invoking their functions: `aws-sdk:` states pool their rights in the machine's
// role, so only provisioning, which is all AWS calls, and starting other machines are here.
import type { Settings } from '../config/settings.ts';
import type { Names } from '../names.ts';
import { type Grant, NO_RESOURCE_LEVEL } from './grant.ts';

const AT_RUN_TIME = 'the cluster, its HSMs and what CloudHSM makes for them exist only at run time';

/**
 * Creates and initialises a CloudHSM cluster and connects the key store on it. The EC2 actions are those CloudHSM
 * uses with the caller's rights to make the cluster's security group and network interfaces.
 * @see AWS CloudHSM user guide, "Identity and access management", customer managed policies
 */
export function provisioningGrants(names: Names, cluster: Settings['cluster']): readonly Grant[] {
  return [
    {
      actions: ['cloudhsm:CreateCluster', 'cloudhsm:DescribeClusters'],
      resources: ['*'],
      wildcardReason: NO_RESOURCE_LEVEL,
    },
    {
      actions: ['cloudhsm:CreateHsm', 'cloudhsm:InitializeCluster', 'cloudhsm:TagResource'],
      resources: [names.arn('cloudhsm', 'cluster/*')],
      wildcardReason: AT_RUN_TIME,
    },
    {
      actions: ['kms:ConnectCustomKeyStore', 'kms:DescribeCustomKeyStores'],
      resources: ['*'],
      wildcardReason: NO_RESOURCE_LEVEL,
    },
    ...networkGrants(names, cluster),
    {
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [names.serviceRoleArn('cloudhsm', 'AWSServiceRoleForCloudHSM')],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'cloudhsm.amazonaws.com' } },
    },
  ];
}

/** What CloudHSM does with its caller's rights when it makes clusters and HSMs. */
export function networkGrants(names: Names, cluster: Settings['cluster']): readonly Grant[] {
  return [
    {
      actions: [
        'ec2:DescribeNetworkInterfaceAttribute',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
      ],
      resources: ['*'],
      wildcardReason: NO_RESOURCE_LEVEL,
    },
    {
      actions: [
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:AuthorizeSecurityGroupIngress',
        'ec2:CreateNetworkInterface',
        'ec2:CreateSecurityGroup',
        'ec2:CreateTags',
        'ec2:DeleteNetworkInterface',
        'ec2:DeleteSecurityGroup',
        'ec2:DetachNetworkInterface',
        'ec2:RevokeSecurityGroupEgress',
      ],
      resources: [
        'instance/*',
        'network-interface/*',
        'security-group/*',
        `vpc/${cluster.vpcId}`,
        ...cluster.subnetIds.map((subnet) => `subnet/${subnet}`),
      ].map((resource) => names.arn('ec2', resource)),
      wildcardReason: AT_RUN_TIME,
    },
  ];
}

/** Starts executions of the named state machines. */
export function startGrant(arns: readonly string[]): readonly Grant[] {
  return arns.length === 0 ? [] : [{ actions: ['states:StartExecution'], resources: arns }];
}
