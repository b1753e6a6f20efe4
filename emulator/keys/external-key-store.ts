// SPDX-License-Identifier: Apache-2.0
// External key stores: requests are read as KMS reads them, and end as one ends whose proxy KMS cannot reach. The
// stand-in calls nobody outside.
import { AwsError } from '../protocol/errors.ts';
import { oneOf, text } from '../protocol/members.ts';
import { type InputOf, optional, required, structure } from '../protocol/shape.ts';

/** Members of CreateCustomKeyStore and UpdateCustomKeyStore that concern the proxy. */
export const proxyMembers = {
  XksProxyUriEndpoint: optional(text(10, 128, { pattern: /^https:\/\/[a-zA-Z0-9.-]+$/ })),
  XksProxyUriPath: optional(
    text(10, 128, {
      pattern: /^(\/[a-zA-Z0-9/_-]+\/kms\/xks\/v\d{1,2})$|^(\/kms\/xks\/v\d{1,2})$/,
    }),
  ),
  XksProxyVpcEndpointServiceName: optional(
    text(20, 64, { pattern: /^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$/ }),
  ),
  XksProxyVpcEndpointServiceOwner: optional(text(12, 12, { pattern: /^[0-9]{12}$/ })),
  XksProxyAuthenticationCredential: optional(
    structure({
      AccessKeyId: required(text(20, 30, { pattern: /^[A-Z2-7]+$/, secret: true })),
      RawSecretAccessKey: required(text(43, 64, { pattern: /^[a-zA-Z0-9/+=]+$/, secret: true })),
    }),
  ),
  XksProxyConnectivity: optional(oneOf(['PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE'])),
};

type Proxy = InputOf<typeof proxyMembers>;

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** @throws AwsError ValidationException for members of an external key store in a request about a CloudHSM one */
export function requireNoProxy(input: Proxy): void {
  const given = Object.keys(proxyMembers).filter(
    (name) => input[name as keyof Proxy] !== undefined,
  );
  if (given.length === 0) return;
  throw invalid(`${given.join(', ')} are valid for external key stores only.`);
}

function requireComplete(input: Proxy): void {
  const { XksProxyUriEndpoint, XksProxyUriPath, XksProxyAuthenticationCredential } = input;
  const { XksProxyConnectivity, XksProxyVpcEndpointServiceName } = input;
  if (!XksProxyUriEndpoint || !XksProxyUriPath || !XksProxyAuthenticationCredential) {
    throw invalid(
      'XksProxyUriEndpoint, XksProxyUriPath and XksProxyAuthenticationCredential are required for an external key store.',
    );
  }
  if (XksProxyConnectivity === undefined) {
    throw invalid('XksProxyConnectivity is required for an external key store.');
  }
  const isService = XksProxyConnectivity === 'VPC_ENDPOINT_SERVICE';
  if (isService === (XksProxyVpcEndpointServiceName !== undefined)) return;
  throw invalid(
    'XksProxyVpcEndpointServiceName must be given with connectivity VPC_ENDPOINT_SERVICE, and only with it.',
  );
}

/** @throws AwsError always: ValidationException, or that the proxy or its endpoint service is not reached */
export function refuseExternalKeyStore(input: Proxy): never {
  requireComplete(input);
  if (input.XksProxyConnectivity === 'VPC_ENDPOINT_SERVICE') {
    throw new AwsError(
      'XksProxyVpcEndpointServiceNotFoundException',
      `The VPC endpoint service ${input.XksProxyVpcEndpointServiceName} was not found.`,
    );
  }
  throw new AwsError(
    'XksProxyUriUnreachableException',
    `The external key store proxy ${input.XksProxyUriEndpoint}${input.XksProxyUriPath} cannot be reached.`,
  );
}
