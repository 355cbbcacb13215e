// A proxy between the browser and the server under test: it can be told to misbehave, and can serve the
// built page itself, so that the page can be tried with any CalDAV server.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' };

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/**
 * `fault(request)` may return an answer `{ status, headers, body }`, `'hang'` or `'reset'`; null = let it through.
 * `dist` = folder of the page to serve in place of what the server has.
 */
export const startProxy = async (target, { dist = null } = {}) => {
  const state = { fault: null, log: [], port: 0 };
  const server = createServer(async (incoming, outgoing) => {
    state.log.push(`${incoming.method} ${incoming.url}`);
    const body = await collect(incoming);
    const fault = state.fault?.({ method: incoming.method, url: incoming.url, headers: incoming.headers, body: body.toString() }) ?? null;
    if (fault === 'hang') return;
    if (fault === 'reset') {
      incoming.socket.destroy();
      return;
    }
    if (fault) {
      outgoing.writeHead(fault.status, fault.headers ?? {});
      outgoing.end(fault.body ?? '');
      return;
    }
    if (dist && incoming.method === 'GET' && (await serveFile(dist, incoming.url, outgoing))) return;
    forward(target, incoming, body, outgoing);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.port = server.address().port;
  return {
    state,
    url: `http://127.0.0.1:${state.port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

const collect = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
};

const serveFile = async (dist, url, outgoing) => {
  const path = normalize(new URL(url, 'http://x').pathname);
  const file = path === '/' ? 'index.html' : path.slice(1);
  if (file.startsWith('..')) return false;
  try {
    const content = await readFile(join(dist, file));
    outgoing.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY });
    outgoing.end(content);
    return true;
  } catch {
    return false;
  }
};

const forward = (target, incoming, body, outgoing) => {
  const to = new URL(incoming.url, target);
  const headers = { ...incoming.headers, host: to.host };
  delete headers['content-length'];
  delete headers['transfer-encoding'];
  if (body.length || ['PUT', 'POST'].includes(incoming.method)) headers['content-length'] = String(body.length);
  const onward = request(to, { method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  onward.end(body);
};
