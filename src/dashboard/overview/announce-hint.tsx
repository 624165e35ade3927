import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { CopyButton } from '../parts/copy-button.tsx';

/** How a first node is made, where there is none. */
export function AnnounceHint() {
  const { status } = useCell(useApp().status.standing);
  const program = announcement(status?.environment ?? 'dev');
  return (
    <section className="card hint" aria-label="How a node announces itself">
      <header className="card-head">
        <h2>No node is registered yet</h2>
        <CopyButton text={program} what="the program that announces a node" />
      </header>
      <p>
        A node says on Kafka that it is there; one message is enough, in any language. This makes one in Node.js, in a folder where{' '}
        <code>kafkajs</code> is installed. It appears here within a second.
      </p>
      <pre className="code-block">{program}</pre>
      <p className="dim">
        If it does not: <a href="#/rejected">rejected events</a> say what was wrong with a message.
      </p>
    </section>
  );
}

function announcement(environment: string): string {
  return `node -e "
const { Kafka } = require('kafkajs');
const producer = new Kafka({ brokers: ['127.0.0.1:9092'] }).producer();
producer.connect().then(() => producer.send({
  topic: '${environment}.omninode_bridge.onex.evt.node-introspection.v1',
  messages: [{ key: 'hello-001', value: JSON.stringify({
    node_id: 'hello-001', node_type: 'effect', capabilities: ['greeting'],
    reason: 'startup', timestamp: new Date().toISOString() }) }],
})).then(() => producer.disconnect());"`;
}
