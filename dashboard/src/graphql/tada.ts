// The typed `graphql` tag. Custom scalars get their TypeScript shape here and nowhere else.
import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './schema-env.d.ts';

/** An RFC 7946 geometry, as the server writes it. */
export interface GeoJsonGeometry {
  type: string;
  coordinates: unknown;
}

export const graphql = initGraphQLTada<{
  introspection: introspection;
  // The dashboard reads each fragment where it spreads it; masking would only add unwrapping calls.
  disableMasking: true;
  scalars: {
    DateTime: string;
    GeoJSONGeometry: GeoJsonGeometry;
    GeoJSONMultiPolygon: GeoJsonGeometry;
  };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from 'gql.tada';
