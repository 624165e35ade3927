import { z } from 'zod';
import { type Cli, examples, gatewayCommand, several } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { INTROSPECT } from '../documents.ts';
import { EXIT } from '../exit-code.ts';
import { plainText } from '../plain-text.ts';

const answer = z.object({
  requestIntrospection: z.object({ correlationId: z.string(), expectedNodes: z.number(), requestedAt: z.string() }),
});

export function introspectCommand(cli: Cli) {
  return gatewayCommand('introspect')
    .summary('ask nodes to announce themselves again')
    .description(
      'Asks nodes to announce themselves again: those that are named, those of some types, or all with --all. Their answers come as changes with the correlation id that is printed. Needs a token with registry:write where the gateway asks for tokens.',
    )
    .argument('[nodeId...]', 'the nodes')
    .option('--type <types>', 'every node of these types', several)
    .option('--all', 'every node')
    .option('--reason <text>', 'why; the nodes read it')
    .addHelpText('after', examples('dgw introspect orders-001', 'dgw introspect --type effect --reason "after a deployment"'))
    .action(async (nodeIds, options) => {
      const ways = [nodeIds.length > 0, options.type !== undefined, options.all === true].filter((isMeant) => isMeant);
      if (ways.length !== 1) throw new CliError(EXIT.usage, 'Say which nodes: their ids, or --type, or --all; one of the three');
      const gateway = cli.gateway(options);
      const { out } = cli.printers;
      const targets = nodeIds.length > 0 ? nodeIds.map((nodeId) => ({ nodeId })) : [{ nodeTypes: options.type }];
      const requests: z.output<typeof answer>['requestIntrospection'][] = [];
      for (const target of targets) {
        const { requestIntrospection: request } = await gateway.ask(INTROSPECT, { ...target, reason: options.reason }, answer);
        requests.push(request);
        const who = 'nodeId' in target ? target.nodeId : `${request.expectedNodes} nodes`;
        if (options.json !== true) await out.line(plainText(`Asked ${who}; answers have the correlation id ${request.correlationId}`));
      }
      if (options.json === true) await out.json({ requests });
      if (requests.every(({ expectedNodes }) => expectedNodes === 0)) cli.exitCode = EXIT.nothing;
    });
}
