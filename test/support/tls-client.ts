import { X509Certificate } from 'node:crypto';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
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

/** A request by HTTP/2 to a host name that is this machine's, with what comes after the answer. */
export function callByHttp2(
  url: string,
): Promise<{ readonly status: number; readonly body: string; readonly trailers: Readonly<Record<string, unknown>> }> {
  const session = connectHttp2(url, {
    rejectUnauthorized: false,
    lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  return new Promise<Awaited<ReturnType<typeof callByHttp2>>>((resolve, reject) => {
    let [status, body] = [0, ''];
    const trailers: Record<string, string> = {};
    session.on('error', reject);
    const asked = session.request({ ':path': '/' });
    asked.on('response', (headers) => (status = Number(headers[':status'])));
    asked.on('trailers', (headers: IncomingHttpHeaders) => {
      for (const [name, value] of Object.entries(headers)) trailers[name] = String(value);
    });
    asked.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    asked.on('error', reject).on('end', () => resolve({ status, body, trailers }));
    asked.end();
  }).finally(() => session.close());
}
