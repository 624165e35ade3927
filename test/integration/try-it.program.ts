/* Stands for the gateway and for the sample nodes: answers on SERVICE_PORT where it can, and ends at SIGTERM. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(7);
  response.end('ready');
});
server.on('error', () => undefined);
server.listen(Number(process.env['SERVICE_PORT']), '127.0.0.1');
process.stdin.resume();
process.on('SIGTERM', () => process.exit(0));
console.log(JSON.stringify({ level: 'warn', msg: 'a warning of the program' }));
