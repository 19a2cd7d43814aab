import { X509Certificate } from 'node:crypto';
import { connect as connectHttp2 } from 'node:http2';
import { request, type Agent } from 'node:https';
import type { TLSSocket } from 'node:tls';

export interface SecureAnswer {
  readonly status: number;
  readonly body: string;
  /** Host names of the certificate that was shown. */
  readonly names: string;
}

/** One request by TLS; whoever gave the certificate is trusted. */
export function getSecurely(
  port: number,
  servername: string,
  options: { path?: string; host?: string; agent?: Agent; address?: string } = {},
): Promise<SecureAnswer> {
  const { path = '/', host = servername, agent, address = '127.0.0.1' } = options;
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: address, port, path, servername, headers: { host }, rejectUnauthorized: false, agent: agent ?? false },
      (response) => {
        const names = namesShown(response.socket as TLSSocket);
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, names }));
      },
    );
    asked.on('error', reject).end();
  });
}

function namesShown(socket: TLSSocket): string {
  const { raw } = socket.getPeerCertificate();
  return new X509Certificate(raw).subjectAltName ?? '';
}

/** The status that a request by HTTP/2 gets. */
export function getByHttp2(port: number, servername: string): Promise<number> {
  const session = connectHttp2(`https://${servername}:${port}`, {
    host: '127.0.0.1',
    servername,
    rejectUnauthorized: false,
    lookup: (_name, _options, done) => done(null, '127.0.0.1', 4),
  });
  return new Promise<number>((resolve, reject) => {
    session.on('error', reject);
    const asked = session.request({ ':path': '/' });
    asked.on('response', (headers) => resolve(Number(headers[':status'])));
    asked.on('error', reject);
    asked.end();
  }).finally(() => session.close());
}
