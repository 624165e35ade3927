import {
  deadLetterValue,
  introspectionRequestValue,
  registrationAcceptedValue,
  registrationChangeValue,
} from '../kafka/gateway-messages.ts';
import { gatewayHeaders, gatewayMessage } from './gateway-messages.ts';
import type { JsonSchema } from './json-schema.ts';
import { nodeHeaders, nodeMessage } from './node-messages.ts';

/** Every schema, by the name of its file in `contract/schemas`. */
export function schemas() {
  return {
    'node-introspection': nodeMessage('introspection'),
    'node-heartbeat': nodeMessage('heartbeat'),
    'node-acknowledgement': nodeMessage('acknowledgement'),
    'node-headers': nodeHeaders(),
    'introspection-request': gatewayMessage('introspection-request', introspectionRequestValue),
    'registration-accepted': gatewayMessage('registration-accepted', registrationAcceptedValue),
    'registration-change': gatewayMessage('registration-change', registrationChangeValue),
    'dead-letter': gatewayMessage('dead-letter', deadLetterValue),
    'gateway-headers': gatewayHeaders(),
  } satisfies Readonly<Record<string, JsonSchema>>;
}

export type SchemaName = keyof ReturnType<typeof schemas>;
