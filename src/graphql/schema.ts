import { type GraphQLSchema, specifiedDirectives } from 'graphql';
import { createBuilder } from './builder.ts';
import { defineChange } from './change-type.ts';
import { defineNodeConnection } from './connection-type.ts';
import { createDefer } from './defer.ts';
import { defineDiscoveryArguments } from './discovery-arguments.ts';
import { defineEjection } from './ejection-types.ts';
import { defineExplanation } from './explanation-type.ts';
import { defineFilterInputs } from './filter-inputs.ts';
import { layOut } from './layout.ts';
import { defineLivenessFields } from './liveness-fields.ts';
import { defineMutation } from './mutation.ts';
import { defineNode } from './node-type.ts';
import { defineQuery } from './query.ts';
import { defineRecords } from './records-type.ts';
import { defineScalars } from './scalars.ts';
import { defineHealthyService } from './service-type.ts';
import { defineRegistryStatus } from './status-types.ts';
import { defineSubscription } from './subscription.ts';
import { defineSummaries } from './summary-types.ts';
import { createTypes } from './types.ts';
import { defineViewer } from './viewer-type.ts';

/** The whole schema, executable with a {@link GraphqlContext} of context.ts as its context. */
export function buildSchema(): GraphQLSchema {
  const builder = createBuilder();
  defineScalars(builder);
  const types = createTypes(builder);
  const inputs = defineFilterInputs(types);
  defineNode(types);
  defineLivenessFields(types);
  defineEjection(types);
  defineRecords(types);
  defineNodeConnection(types);
  defineHealthyService(types);
  defineChange(types);
  defineSummaries(types);
  const discovery = defineDiscoveryArguments(builder);
  const [explanation, registryStatus, viewer] = [defineExplanation(types), defineRegistryStatus(types), defineViewer(types)];
  defineQuery(types, { inputs, discovery, explanation, registryStatus, viewer });
  defineMutation(types);
  defineSubscription(types, inputs, discovery);
  return layOut(builder.toSchema({ directives: [...specifiedDirectives, createDefer()] }));
}
