import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { type Cli, examples, gatewayCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { DEREGISTER, NODE } from '../documents.ts';
import { EXIT } from '../exit-code.ts';
import { placeOf } from '../node-row.ts';
import { plainText } from '../plain-text.ts';
import type { Surroundings } from '../surroundings.ts';

const known = z.object({
  nodeById: z
    .object({
      nodeId: z.string(),
      type: z.string(),
      serviceName: z.string(),
      state: z.string(),
      stateReason: z.string(),
      health: z.string(),
      address: z.string().nullable(),
      port: z.number().nullable(),
    })
    .nullable(),
});
const done = z.object({ deregister: z.object({ cursor: z.string(), node: z.object({ nodeId: z.string(), state: z.string() }) }) });

export function deregisterCommand(cli: Cli) {
  return gatewayCommand('deregister')
    .summary('remove a node')
    .description(
      'Removes a node from Consul and Postgres at once. It comes back only by a later startup announcement, or by its answer to an operator. Asks before it does so; where nobody is at the terminal, --yes has to be said. Needs a token with registry:write where the gateway asks for tokens.',
    )
    .argument('<nodeId>', 'the node')
    .requiredOption('--reason <text>', 'why; it stands in the change log')
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('dgw deregister ghost-1 --reason "its host is gone"'))
    .action(async (nodeId, options) => {
      const { surroundings, printers } = cli;
      if (options.yes !== true && surroundings.stdin.isTTY !== true) {
        throw new CliError(EXIT.usage, 'Nobody is here to ask: say --yes to remove the node');
      }
      const gateway = cli.gateway(options);
      const { nodeById: node } = await gateway.ask(NODE, { nodeId }, known);
      if (node === null) throw new CliError(EXIT.nothing, plainText(`No node has ever registered as "${nodeId}"`), 'NODE_NOT_FOUND');
      const place = placeOf(node);
      const about = `${nodeId} (${node.type}, ${node.serviceName}${place === '' ? '' : `, ${place}`}), ${node.state.toLowerCase()}, ${node.health.toLowerCase()}`;
      if (options.yes !== true && !(await agrees(surroundings, plainText(`Remove ${about}?`)))) {
        await printers.err.line('Nothing was done.');
        cli.exitCode = EXIT.nothing;
        return;
      }
      const { deregister } = await gateway.ask(DEREGISTER, { nodeId, reason: options.reason }, done);
      if (options.json === true) await printers.out.json(deregister);
      else await printers.out.line(plainText(`Removed ${nodeId}, at cursor ${deregister.cursor}.`));
    });
}

/** Asks on stderr: stdout may lead elsewhere. The end of the input is no. */
async function agrees({ stdin, stderr }: Surroundings, question: string): Promise<boolean> {
  const terminal = createInterface({ input: stdin, output: stderr });
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
