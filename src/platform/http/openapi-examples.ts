import type { OpenAPIObject } from '@nestjs/swagger';

/** A JSON Schema of the document, as far as examples are concerned. */
export interface Schema {
  $ref?: string;
  example?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
}

/** Which properties an example shows: of a request all, of an answer those that are always there. */
export type Shown = 'all' | 'required';

/** The example of a schema: its own, or one put together from those of its properties. */
export function exampleOf(document: OpenAPIObject, schema: Schema, shown: Shown): unknown {
  if ('example' in schema) return schema.example;
  if (schema.$ref) return exampleOf(document, resolve(document, schema.$ref), shown);
  const [first] = schema.allOf ?? schema.anyOf ?? [];
  if (first) return exampleOf(document, first, shown);
  if (schema.items) return [exampleOf(document, schema.items, shown)];
  const properties = Object.entries(schema.properties ?? {}).filter(
    ([name]) => shown === 'all' || schema.required?.includes(name),
  );
  return Object.fromEntries(
    properties.map(([name, property]) => [name, exampleOf(document, property, shown)]),
  );
}

export function resolve(document: OpenAPIObject, ref: string): Schema {
  const name = ref.slice(ref.lastIndexOf('/') + 1);
  return document.components!.schemas![name] as Schema;
}
