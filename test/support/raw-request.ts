import { connect } from 'node:net';

/** An answer to bytes that no client of HTTP would send. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** Sends bytes over a connection of their own and reads until the server ends it. */
export async function sendRaw(url: string, request: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error('the server does not end the connection')));
    socket.on('data', (bytes) => (received += bytes.toString()));
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
    socket.write(Buffer.from(request, 'latin1'));
  });
  const [head, ...text] = answer.split('\r\n\r\n');
  const [first, ...lines] = head!.split('\r\n');
  return {
    status: Number(first!.split(' ')[1]),
    headers: Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 2),
      ]),
    ),
    text: text.join('\r\n\r\n'),
  };
}
