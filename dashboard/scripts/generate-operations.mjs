// Writes src/graphql/generated/operations.ts from frontend-schema/operations/*.graphql.
//
// The .graphql files are the contract: the server's tests run every one of them. gql.tada types a document only
// when its text stands in TypeScript, so this copies the text over, one export for each operation and fragment.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Kind, parse, print, visit } from 'graphql';

const folder = new URL('../../frontend-schema/operations/', import.meta.url);
const target = new URL('../src/graphql/generated/operations.ts', import.meta.url);

const definitions = readdirSync(folder)
  .filter((name) => name.endsWith('.graphql'))
  .sort()
  .flatMap((name) => parse(readFileSync(new URL(name, folder), 'utf8')).definitions);

const exportName = (definition) => definition.name.value + (definition.kind === Kind.FRAGMENT_DEFINITION ? 'Fragment' : 'Document');

function spreads(definition) {
  const names = new Set();
  visit(definition, { FragmentSpread: (node) => void names.add(node.name.value) });
  return [...names];
}

function source(definition) {
  const fragments = spreads(definition).map((name) => `${name}Fragment`);
  const list = fragments.length > 0 ? `, [${fragments.join(', ')}]` : '';
  return `export const ${exportName(definition)} = graphql(\`\n${print(definition)}\n\`${list});\n`;
}

// A fragment must stand before the operations that spread it.
const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
const head = "// Generated from frontend-schema/operations by `npm run generate`; do not edit.\nimport { graphql } from '../tada';\n\n";
writeFileSync(target, head + [...fragments, ...operations].map(source).join('\n'));
