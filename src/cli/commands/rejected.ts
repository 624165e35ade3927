import { z } from 'zod';
import { age } from '../age.ts';
import { type Cli, count, examples, gatewayCommand } from '../cli.ts';
import { REJECTED } from '../documents.ts';
import { EXIT } from '../exit-code.ts';
import { plainText } from '../plain-text.ts';
import { type Column, tableLines } from '../table.ts';

const rejected = z.object({
  errorType: z.string(),
  reason: z.string(),
  rejectedAt: z.iso.datetime({ offset: true }),
  topic: z.string(),
  partition: z.number(),
  offset: z.string(),
  correlationId: z.string().nullable(),
  excerpt: z.string().nullable(),
});
type Rejected = z.output<typeof rejected>;
const answer = z.object({ rejectedEvents: z.array(rejected) });

export function rejectedCommand(cli: Cli) {
  return gatewayCommand('rejected')
    .summary('messages that could not be accepted, and why')
    .description(
      'Lists messages of nodes that could never be accepted, newest first: why a node is missing. Exits with 1 where there is none.',
    )
    .option('--limit <n>', 'how many at most', count(500), 20)
    .option('--full', 'each with its correlation id and the start of the message')
    .addHelpText('after', examples('dgw rejected --full --limit 1'))
    .action(async (options) => {
      const { out, err } = cli.printers;
      const { rejectedEvents: events } = await cli.gateway(options).ask(REJECTED, { first: options.limit }, answer);
      if (events.length === 0) cli.exitCode = EXIT.nothing;
      if (options.json === true) await out.json({ rejectedEvents: events });
      else if (events.length === 0) await err.line('No message was rejected.');
      else if (options.full === true) for (const event of events) for (const line of fullLines(event)) await out.line(line);
      else for (const line of tableLines(columns(cli.surroundings.now()), events, out)) await out.line(line);
    });
}

function columns(now: number): Column<Rejected>[] {
  return [
    { title: 'AGO', cell: ({ rejectedAt }) => age(new Date(rejectedAt), now) },
    { title: 'ERROR', cell: ({ errorType }) => ({ text: errorType, colour: 'red' }) },
    { title: 'REASON', cell: ({ reason }) => reason, givesWay: 1 },
    { title: 'WHERE', cell: placeOf, givesWay: 2 },
  ];
}

function placeOf({ topic, partition, offset }: Rejected): string {
  return `${topic}[${partition}]@${offset}`;
}

function fullLines(event: Rejected): string[] {
  const { errorType, reason, rejectedAt, correlationId, excerpt } = event;
  return [
    `${rejectedAt}  ${errorType}: ${reason}`,
    `  at ${placeOf(event)}${correlationId === null ? '' : `, correlation id ${correlationId}`}`,
    `  ${excerpt ?? 'a message without a value'}`,
  ].map(plainText);
}
