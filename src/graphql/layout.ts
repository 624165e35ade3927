import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql';

interface Described {
  description?: string | null;
}

/** How long a printed line of text may be. */
const LINE = 100;
/** Up to here a description stays on one such line, however deep it stands. */
const SHORT = 96;

/**
 * Sets the errors and the example of every longer description apart, as paragraphs of their own: GraphiQL shows them so, and
 * schema.graphql can be skimmed. In the code a description is one text.
 */
export function layOut(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
    for (const described of [type, ...membersOf(type)]) {
      if (described.description != null) described.description = paragraphs(described.description);
    }
  }
  for (const directive of schema.getDirectives()) {
    if (isSpecifiedDirective(directive)) continue;
    for (const described of [directive, ...directive.args]) {
      if (described.description != null) described.description = paragraphs(described.description);
    }
  }
  return schema;
}

function membersOf(type: GraphQLNamedType): readonly Described[] {
  if (isEnumType(type)) return type.getValues();
  if (isInputObjectType(type)) return Object.values(type.getFields());
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [field, ...field.args]);
}

function paragraphs(text: string): string {
  return text.length <= SHORT ? text : text.replaceAll(/ (?=(?:Errors|Examples?): )/g, '\n\n');
}

/** Breaks the lines of a printed schema's descriptions at spaces between words, not inside of code. */
export function wrapDescriptions(printed: string): string {
  let inside = false;
  return printed
    .split('\n')
    .flatMap((line) => {
      const marks = line.split('"""').length - 1;
      const isText = inside && marks === 0;
      if (marks === 1) inside = !inside;
      return isText ? wrap(line) : [line];
    })
    .join('\n');
}

function wrap(line: string): string[] {
  const indent = line.slice(0, line.length - line.trimStart().length);
  const lines: string[] = [];
  let current = '';
  for (const word of line.trim().match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    if (current !== '' && indent.length + current.length + 1 + word.length > LINE) {
      lines.push(indent + current);
      current = word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  return [...lines, indent + current].map((text) => text.trimEnd());
}
