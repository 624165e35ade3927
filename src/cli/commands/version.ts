import { Command } from '@commander-js/extra-typings';
import { gatewayVersion } from '../../version.ts';
import { type Cli, examples, jsonOption } from '../cli.ts';

export const versionLine = () => `discovery-gateway ${gatewayVersion()}`;

export function versionCommand(cli: Cli) {
  return new Command('version')
    .description('The version of this program.')
    .addOption(jsonOption())
    .addHelpText('after', examples('dgw version'))
    .action(async ({ json }) => {
      const { out } = cli.printers;
      if (json === true) await out.json({ version: gatewayVersion(), node: process.version });
      else await out.line(versionLine());
    });
}
