/*
 * An instance as a process of its own: answers `/health` on the port of its first argument, with the status that it was last told over IPC.
 * Ends with whoever started it.
 */
import { createServer } from 'node:http';

let status = 200;
const server = createServer((_request, response) => response.writeHead(status).end(`${status}`));
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send(server.address().port));
process.on('message', (next) => {
  status = next;
});
process.on('disconnect', () => process.exit());
