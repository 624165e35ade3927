import { z } from 'zod';
import type { ConsulConfig } from '../../config/consul.ts';
import { messageOf } from '../../errors.ts';
import { CONSUL_TLS } from '../../tls-fault.ts';
import { readCa } from './ca-file.ts';
import { type AskConsul, type ConsulReply, consulRequests } from './consul-request.ts';
import { type Finding, findingsOf } from './finding.ts';
import { placeOf, reach, speaksTls, type Trouble } from './reach.ts';

const { ok, warning, fault } = findingsOf('consul');

const self = z.object({
  Config: z.object({ NodeName: z.string(), Datacenter: z.string(), Version: z.string(), Server: z.boolean() }),
});
const ownToken = z.object({ AccessorID: z.string(), Description: z.string().nullish(), ExpirationTime: z.string().nullish() });
const verdicts = z.array(z.object({ Resource: z.string(), Access: z.string(), Segment: z.string().optional(), Allow: z.boolean() }));

/** A name that nodes of any kind may have: rights by prefix that leave it out leave nodes out. */
const SOME_SERVICE = 'some-service';

/** Whether the agent can be reached, has a leader, and lets this token do what the gateway does. Nothing is written. */
export async function checkConsul(config: ConsulConfig, now: number): Promise<Finding[]> {
  const { host, port, secure, caFile } = config;
  const { tls, fault: caFault } = readCa(CONSUL_TLS, caFile, now);
  if (caFault !== null) return [caFault];
  const trouble = await reach(host, port, secure ? tls : null);
  if (trouble !== null) return [unreachable(trouble)];
  const ask = consulRequests(config, tls);
  const leader = await checkLeader(ask, config);
  if (leader.level === 'fault') return [leader];
  return [leader, ...(await checkToken(ask, config, now)), ...(await checkAgent(ask, config))];
}

function unreachable({ kind, what, remedy }: Trouble): Finding {
  const remedies: Readonly<Record<Trouble['kind'], string>> = {
    name: 'correct CONSUL_HOST, or the DNS of this machine',
    refused: 'start the Consul agent, or correct CONSUL_HOST and CONSUL_PORT (8500 by default, 8501 with TLS)',
    silent: 'correct CONSUL_HOST, or let this machine through the firewall',
    plain: 'set CONSUL_SSL=false, or CONSUL_PORT to the HTTPS port of the agent (8501 as a rule)',
    certificate: '',
    other: 'look at the ports and the TLS settings of the agent',
  };
  return fault(what, remedy ?? remedies[kind]);
}

/** Needs no rights. */
async function checkLeader(ask: AskConsul, { host, port, secure }: ConsulConfig): Promise<Finding> {
  const place = placeOf(host, port);
  const secured = () =>
    fault(`${place} speaks TLS, and CONSUL_SSL is false`, 'set CONSUL_SSL=true, and CONSUL_CA_FILE where the CA is your own');
  let reply: ConsulReply;
  try {
    reply = await ask('/status/leader');
  } catch (error) {
    if (!secure && (await speaksTls(host, port))) return secured();
    return fault(
      `${place} accepts connections, but does not answer over HTTP: ${messageOf(error)}`,
      'it may be another service, or another port of Consul: correct CONSUL_PORT',
    );
  }
  if (reply.status === 400 && /HTTPS/.test(reply.text)) return secured();
  if (/no known consul servers|no cluster leader/i.test(reply.text)) return noLeader(reply.text);
  const leader = /^"([^"]*)"$/.exec(reply.text)?.[1];
  if (reply.status !== 200 || leader === undefined) {
    return fault(`what answers at ${place} is no Consul agent (HTTP ${reply.status})`, 'correct CONSUL_HOST and CONSUL_PORT');
  }
  return leader === '' ? noLeader('it says so itself') : ok(`the agent at ${place} answers, and the leader of its cluster is ${leader}`);
}

function noLeader(why: string): Finding {
  return fault(
    `the agent answers, but its cluster has no leader (${why})`,
    'look at the Consul servers: without a majority of them nothing can be registered',
  );
}

async function checkToken(ask: AskConsul, config: ConsulConfig, now: number): Promise<Finding[]> {
  const { status, text } = await ask('/acl/token/self');
  if (/ACL support disabled/i.test(text)) {
    return config.token === null
      ? [ok('ACLs are off: everybody may do everything')]
      : [
          warning(
            'CONSUL_HTTP_TOKEN is set, and ACLs are off in this Consul: nobody looks at it',
            'make sure that this is the Consul that is meant',
          ),
        ];
  }
  const known = status === 200 ? ownToken.safeParse(parsed(text)).data : undefined;
  if (config.token !== null && known === undefined) {
    return [
      fault(
        `Consul does not accept the token in CONSUL_HTTP_TOKEN (HTTP ${status}: ${text.slice(0, 200)})`,
        'it is wrong, expired, deleted, or of another cluster: create one (consul acl token create) with the rights in docs/operations.md',
      ),
    ];
  }
  return [...(known === undefined || config.token === null ? [] : [lifeOf(known, now)]), ...(await checkRights(ask, config))];
}

function lifeOf({ AccessorID: id, Description: description, ExpirationTime: until }: z.output<typeof ownToken>, now: number): Finding {
  const named = `token ${id}${description ? ` (${description})` : ''}`;
  if (!until) return ok(`Consul knows the ${named}`);
  const days = (Date.parse(until) - now) / 86_400_000;
  const what = `Consul knows the ${named} until ${until}`;
  return days > 7 ? ok(what) : warning(what, 'replace it in CONSUL_HTTP_TOKEN in time: the gateway registers nothing afterwards');
}

/** Asked as Consul's own web page asks; an agent that does not answer that is left alone. */
async function checkRights(ask: AskConsul, { token, mode }: ConsulConfig): Promise<Finding[]> {
  const needed = [
    { Resource: 'service', Access: 'read', Segment: SOME_SERVICE },
    { Resource: 'service', Access: 'write', Segment: SOME_SERVICE },
    { Resource: 'node', Access: 'read', Segment: 'some-node' },
    ...(mode === 'catalog'
      ? [
          { Resource: 'node', Access: 'write', Segment: 'registry-some-0' },
          { Resource: 'agent', Access: 'read', Segment: 'some-node' },
        ]
      : []),
  ];
  const { status, text } = await ask('/internal/acl/authorize', needed);
  const answer = verdicts.safeParse(parsed(text));
  if (status !== 200 || !answer.success) {
    return [
      warning(
        `Consul does not say what the token may do (HTTP ${status}: ${text.slice(0, 200)})`,
        'compare its policies with docs/operations.md',
      ),
    ];
  }
  const lacking = answer.data.filter(({ Allow }) => !Allow).map(({ Resource, Access }) => `${Resource}:${Access}`);
  const all = needed.map(({ Resource, Access }) => `${Resource}:${Access}`);
  if (lacking.length === 0) return [ok(`it may do what the gateway does in ${mode} mode: ${all.join(', ')}`)];
  const who = token === null ? 'who has no token (CONSUL_HTTP_TOKEN is not set)' : 'the token in CONSUL_HTTP_TOKEN';
  return [
    fault(
      `${who} lacks ${lacking.join(', ')}`,
      token === null
        ? 'set CONSUL_HTTP_TOKEN to a token with these rights for all names'
        : 'give it a policy with these rights for all names (service_prefix "", node_prefix "")',
    ),
  ];
}

async function checkAgent(ask: AskConsul, { mode }: ConsulConfig): Promise<Finding[]> {
  const { status, text } = await ask('/agent/self');
  const known = status === 200 ? self.safeParse(parsed(text)).data?.Config : undefined;
  // It takes agent:read, which the gateway needs in catalog mode only.
  if (known === undefined) return [];
  const { NodeName: name, Datacenter: datacenter, Version: version, Server: isServer } = known;
  return [ok(`Consul ${version}, ${isServer ? 'server' : 'client'} ${name} in datacenter ${datacenter}; CONSUL_MODE is ${mode}`)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
