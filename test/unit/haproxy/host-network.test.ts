import { describe, expect, it } from 'vitest';
import { hasAddress, isTaken, readHostNetwork } from '../../../src/haproxy/host-network.ts';

const TEXT = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2041 1 0000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2042 1 0000 100 0 0 10 0
   2: 0100007F:1F91 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2043 1 0000 100 0 0 10 0
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: B80D0120000000000000000007000000:2328 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 192.0.2.7
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
20010db8000000000000000000000007 02 40 00 80     eth0
`;
const network = readHostNetwork(TEXT);

describe('what the kernel tells of its network', () => {
  it('has what is listened on, and no connections', () => {
    expect(network.listening).toEqual([
      { address: '127.0.0.1', port: 8080 },
      { address: '0.0.0.0', port: 22 },
      { address: '2001:db8::7', port: 9000 },
    ]);
  });

  it('takes a port for taken where somebody listens at that address, or at all', () => {
    const asked = [
      ['127.0.0.1', 8080],
      ['127.0.0.2', 8080],
      ['0.0.0.0', 8080],
      ['192.0.2.7', 22],
      ['2001:db8::7', 9000],
      ['192.0.2.7', 8081],
    ] as const;
    expect(asked.map(([address, port]) => isTaken(network, address, port))).toEqual([
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('knows the addresses of the host', () => {
    const asked = ['192.0.2.7', '127.3.4.5', '0.0.0.0', '::', '2001:db8::7', '192.0.2.8', '192.0.2.255', '2001:db8::8'];
    expect(asked.filter((each) => hasAddress(network, each))).toEqual(asked.slice(0, 5));
  });
});
