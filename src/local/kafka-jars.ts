import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cacheFolder, exists } from './cache.ts';
import { withReminder } from './progress.ts';
import { run } from './run.ts';
import type { Surroundings } from './surroundings.ts';
import { findTool, MissingToolError } from './tool.ts';

const KAFKA_VERSION = '4.1.2';
// The version of log4j that Kafka 4.1.2 brings; without this binding its log is silent, and a failing start unexplained.
const LOG4J_VERSION = '2.25.3';

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>discovery-gateway</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${LOG4J_VERSION}</version></dependency>
  </dependencies>
</project>
`;

/** The folder of Kafka's jars, fetched with Maven the first time. Throws MissingToolError without Java or Maven. */
export async function kafkaJars({ env, guard, progress, signal, folder }: Surroundings): Promise<{ java: string; jars: string }> {
  const entry = join(cacheFolder(env), `kafka-${KAFKA_VERSION}`);
  const java = findTool('java', env);
  const maven = findTool('mvn', env);
  const fetched = await exists(entry);
  const missing = [java === null ? 'Java 17 or newer (java)' : null, maven === null && !fetched ? 'Maven (mvn), to fetch its jars' : null];
  const named = missing.filter((tool) => tool !== null);
  if (java === null || named.length > 0) throw new MissingToolError('Kafka', named.join(' and '), 'KAFKA_BROKER_URL');

  const jars = await cached(
    entry,
    async (target) => {
      progress('kafka', `fetching Kafka ${KAFKA_VERSION} with Maven (about 45 MB, only this once)`);
      const pom = join(target, 'pom.xml');
      await writeFile(pom, POM);
      const args = ['-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(target, 'jars')}`];
      await mkdir(folder, { recursive: true });
      const fetching = run({ file: maven ?? 'mvn', args, cwd: target }, join(folder, 'maven.log'), guard, signal);
      await withReminder(fetching, 15_000, Date.now, (seconds) => progress('kafka', `still fetching, ${seconds} s so far`));
      await rename(pom, join(target, 'jars', 'pom.xml'));
    },
    { onWait: (lock) => progress('kafka', `waiting for another starter that fetches Kafka (if there is none, remove ${lock})`), signal },
  );
  return { java, jars: join(jars, 'jars') };
}
