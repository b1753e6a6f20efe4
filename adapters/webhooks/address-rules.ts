// SPDX-License-Identifier: Apache-2.0
// Where notices may go. An address is a stranger's input that a function of the account calls, so it must not lead
// into the account: no private, link-local or reserved network, which is where instance metadata and VPC services are.
// Names are judged by what they resolve to at the moment of the connection, so a name cannot change its mind between.
import { BlockList, isIP } from 'node:net';
import type { Stage } from '#core/contract/vocabulary.ts';

/** Networks that are nobody's on the internet (IANA special-purpose address registries, RFC 6890). */
const CLOSED_V4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Of IPv6 only global unicast, 2000::/3, is open; of that not what carries or documents other addresses. */
const CLOSED_V6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const closed = new BlockList();
for (const [network, prefix] of CLOSED_V4) closed.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of CLOSED_V6) closed.addSubnet(network, prefix, 'ipv6');
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** True for an address of the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !closed.check(address, 'ipv4');
  if (family !== 6) return false;
  return globalUnicast.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}

/** True for this machine itself. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** `internet`: https to public addresses. `this-machine`: loopback alone, http too; for the local stage. */
export type Reach = 'internet' | 'this-machine';

/** The local stage has no internet behind it: whom it calls is on this machine. */
export function reachOf(stage: Stage): Reach {
  return stage === 'local' ? 'this-machine' : 'internet';
}

/** True when a connection to an address is allowed. */
export function mayConnect(reach: Reach, address: string): boolean {
  return reach === 'internet' ? isPublicAddress(address) : isLoopback(address);
}

/** Why a URL is not allowed, or null. Names are judged when they are resolved. */
export function refusalOf(reach: Reach, url: URL): string | null {
  if (url.username !== '' || url.password !== '') return 'it holds credentials';
  if (url.protocol !== 'https:' && !(reach === 'this-machine' && url.protocol === 'http:'))
    return 'it is not https';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !mayConnect(reach, host)) return 'its network is closed to notices';
  return null;
}
