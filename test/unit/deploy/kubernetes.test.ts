import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { environment, readConfig } from '../../../src/config.ts';
import { gatewayVersion } from '../../../src/version.ts';

const FOLDER = new URL('../../../deploy/kubernetes/', import.meta.url);
const LABELS = { 'app.kubernetes.io/name': 'discovery-gateway' };

const read = (name: string): unknown => parse(readFileSync(new URL(name, FOLDER), 'utf8'));
const named = z.object({ apiVersion: z.string(), kind: z.string(), metadata: z.object({ name: z.string() }) });
const selector = z.object({ matchLabels: z.record(z.string(), z.string()) });
const probe = z.object({
  httpGet: z.object({ path: z.string(), port: z.string() }),
  periodSeconds: z.number(),
  failureThreshold: z.number(),
});

const container = z.object({
  image: z.string(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  env: z.array(z.object({ name: z.string() })),
  envFrom: z.array(
    z.union([z.object({ configMapRef: z.object({ name: z.string() }) }), z.object({ secretRef: z.object({ name: z.string() }) })]),
  ),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  lifecycle: z.object({ preStop: z.object({ exec: z.object({ command: z.array(z.string()) }) }) }),
  securityContext: z.record(z.string(), z.unknown()),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
});
const deployment = z
  .object({
    spec: z.object({
      replicas: z.number(),
      selector,
      template: z.object({
        metadata: z.object({ labels: z.record(z.string(), z.string()) }),
        spec: z.object({
          terminationGracePeriodSeconds: z.number(),
          containers: z.tuple([container]),
          volumes: z.array(z.object({ name: z.string(), emptyDir: z.object({}) })),
        }),
      }),
    }),
  })
  .parse(read('deployment.yaml')).spec;
const [gateway] = deployment.template.spec.containers;
const settings = z.object({ data: z.record(z.string(), z.string()) }).parse(read('config-map.yaml')).data;

describe('the manifests for Kubernetes', () => {
  it('should all be named in the kustomization, or in its comment', () => {
    const text = readFileSync(new URL('kustomization.yaml', FOLDER), 'utf8');
    const { resources } = z.object({ resources: z.array(z.string()) }).parse(parse(text));
    const files = readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml');
    expect(files.filter((name) => !text.includes(`- ${name}`))).toEqual([]);
    expect(resources.filter((name) => !files.includes(name))).toEqual([]);
    for (const name of files) expect(named.parse(read(name)).metadata.name).toBe('discovery-gateway');
  });

  it('should set variables that the gateway reads, to what it takes', () => {
    const names = [...Object.keys(settings), ...gateway.env.map(({ name }) => name)];
    expect(names.filter((name) => !Object.hasOwn(environment.shape, name))).toEqual([]);
    const secret = { POSTGRES_USER: 'gateway', POSTGRES_PASSWORD: 'x', AUTH_TOKENS_READ: 'only-for-a-trial-read' };
    const config = readConfig({ ...settings, ...secret, GATEWAY_ID: 'discovery-gateway-0', LOCAL_IP: '10.0.0.9' });
    expect(config.http.port).toBe(gateway.ports[0]?.containerPort);
    const commented = [...readFileSync(new URL('deployment.yaml', FOLDER), 'utf8').matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(
      ([name]) => name,
    );
    expect(commented.filter((name) => !Object.keys(environment.shape).some((known) => known.startsWith(name)))).toEqual([]);
  });

  it('should keep the snapshot where the container may write', () => {
    const places = gateway.volumeMounts.map(({ mountPath }) => mountPath);
    expect(places.some((place) => settings['SNAPSHOT_FILE']?.startsWith(`${place}/`))).toBe(true);
    expect(gateway.volumeMounts.map(({ name }) => name).sort()).toEqual(deployment.template.spec.volumes.map(({ name }) => name).sort());
    expect(gateway.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  });

  it('should select the pods that the deployment makes', () => {
    expect(deployment.template.metadata.labels).toEqual(LABELS);
    expect(deployment.selector.matchLabels).toEqual(LABELS);
    expect(z.object({ spec: z.object({ selector: z.record(z.string(), z.string()) }) }).parse(read('service.yaml')).spec.selector).toEqual(
      LABELS,
    );
    for (const name of ['pod-disruption-budget.yaml', 'service-monitor.yaml']) {
      expect(z.object({ spec: z.object({ selector }) }).parse(read(name)).spec.selector.matchLabels).toEqual(LABELS);
    }
    expect(z.object({ spec: z.object({ podSelector: selector }) }).parse(read('network-policy.yaml')).spec.podSelector.matchLabels).toEqual(
      LABELS,
    );
  });

  it('should probe what the gateway serves, and leave it the time that it needs to end', () => {
    expect([gateway.startupProbe, gateway.livenessProbe, gateway.readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: '/health/live', port: 'http' },
      { path: '/health/live', port: 'http' },
      { path: '/health/ready', port: 'http' },
    ]);
    const pause = Number(/(\d+)\)$/.exec(gateway.lifecycle.preStop.exec.command.at(-1) ?? '')?.[1]);
    // It promises to be gone within 10 s of SIGTERM.
    expect(deployment.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(pause / 1000 + 10);
    expect(pause).toBeGreaterThan(gateway.readinessProbe.periodSeconds * 1000 * 0.5);
  });

  it('should run this version, at least twice', () => {
    expect(gateway.image).toBe(`discovery-gateway:${gatewayVersion()}`);
    expect(deployment.replicas).toBeGreaterThan(1);
  });
});
