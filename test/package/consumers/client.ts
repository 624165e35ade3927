// A program of somebody who has installed the package.
import { DiscoveryClient, NoHealthyService, type RegistryEvent } from 'discovery-gateway/client';

const registry = new DiscoveryClient({ url: 'http://127.0.0.1:8080/graphql' });

export async function follow(see: (event: RegistryEvent) => void): Promise<string | null> {
  try {
    const { url } = await registry.resolve('database-adapter');
    for await (const event of registry.watch({ nodeTypes: ['effect'] }, { snapshot: true })) see(event);
    return url;
  } catch (error) {
    if (error instanceof NoHealthyService) return null;
    throw error;
  }
}

console.log('client loaded');
