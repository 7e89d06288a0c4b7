import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import type { ProblemCode } from '../../shared/errors.js';
import { API_VERSION } from './headers.js';
import { exampleOf, resolve, type Schema } from './openapi-examples.js';
import { problemExamples, problemResponses } from './openapi-problems.js';
import { PROBLEM_CODES } from './operation.js';
import { BODY_EXAMPLES } from './upload.js';

const DESCRIPTION = `Tells the central lookup point which partner holds the address data behind a telephone number, and keeps a log
of every question. Numbers are E.164 with \`+\`; instants are RFC 3339 in UTC; periods are half-open, \`null\` is an
open end. Errors are \`application/problem+json\` (RFC 9457). Lists are read page by page: give \`next_cursor\` as \`cursor\`.`;

/** The API's document, made from the code. Addresses stand under \`/v1\`, which only \`servers\` says. */
export function buildDocument(app: NestFastifyApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Wegwijzer')
    .setDescription(DESCRIPTION)
    .setVersion(API_VERSION)
    .setContact('Wegwijzer', 'https://wegwijzer.example', 'api@wegwijzer.example')
    .setLicense('Proprietary', 'https://wegwijzer.example/licence')
    .addServer('/v1', 'This server')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'secret', description: 'The secret of a credential.' },
      'secret',
    )
    .addTag('Partners', 'Reseller organisations.')
    .addTag('Authorities', 'Bodies that may ask.')
    .addTag('Credentials', 'Machine keys bound to a role.')
    .addTag('Number blocks', 'Ranges that regulators allocated to us.')
    .addTag('Assignments', 'Ranges that partners hold, over time.')
    .addTag('Number ports', 'Numbers that moved.')
    .addTag('Lookups', 'Who holds the address data behind a number?')
    .addTag('Log', 'Entries that nobody can remove or alter, and only the auditor can read.')
    .build();
  const document = SwaggerModule.createDocument(app, options, {
    ignoreGlobalPrefix: true,
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  document.components!.headers = {
    'API-Version': { description: 'Version of this API.', schema: { type: 'string' }, example: API_VERSION },
  };
  for (const path of Object.values(document.paths))
    for (const method of ['get', 'put', 'post', 'patch', 'delete'] as const)
      if (path[method]) complete(document, path[method] as Operation);
  document.components!.examples = problemExamples(document);
  return document;
}

/** Serves the document, to browsers of any site as well, and the pages to read it with. */
export function publishDocument(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  let document: OpenAPIObject | undefined;
  const built = () => (document ??= buildDocument(app));
  for (const address of ['/openapi.json', '/v1/openapi.json'])
    server.get(address, (_request, reply) =>
      reply.header('Access-Control-Allow-Origin', '*').type('application/json').send(JSON.stringify(built())),
    );
  SwaggerModule.setup('docs', app, built, { raw: false });
}

interface Media {
  schema: Schema;
  example?: unknown;
  examples?: unknown;
}

interface Operation {
  parameters?: { name: string; in: string; schema: Schema; example?: unknown }[];
  requestBody?: { description?: string; content: Record<string, Media> };
  responses: Record<string, { headers?: Record<string, object>; content?: Record<string, Media> }>;
  description?: string;
  security?: object[];
  'x-roles'?: string[];
  [PROBLEM_CODES]?: ProblemCode[];
  [BODY_EXAMPLES]?: Record<string, string>;
}

/** Adds what follows from the rest of an operation, so that no handler has to repeat it. */
function complete(document: OpenAPIObject, operation: Operation): void {
  Object.assign(operation.responses, problemResponses(problemsOf(operation)));
  for (const parameter of operation.parameters ?? []) {
    parameter.example = exampleOf(document, parameter.schema, 'all');
    delete parameter.schema.example;
  }
  if (operation.requestBody) completeBody(document, operation.requestBody, operation[BODY_EXAMPLES]);
  for (const response of Object.values(operation.responses)) {
    response.headers = { ...response.headers, 'API-Version': { $ref: '#/components/headers/API-Version' } };
    for (const media of Object.values(response.content ?? {})) completeAnswer(document, media);
  }
  const roles = operation['x-roles'] ?? [];
  if (roles.length > 0)
    operation.description += `\n\nRole: ${roles.map((role) => `\`${role}\``).join(' or ')}.`;
  delete operation[PROBLEM_CODES];
  delete operation[BODY_EXAMPLES];
}

function completeAnswer(document: OpenAPIObject, media: Media): void {
  if (media.examples) return;
  const example = exampleOf(document, media.schema, 'required');
  media.example = example;
  for (const [name, property] of Object.entries(media.schema.properties ?? {}))
    property.example ??= (example as Record<string, unknown>)[name];
}

function problemsOf({ parameters = [], requestBody, security, ...operation }: Operation): ProblemCode[] {
  const takesJson = requestBody && 'application/json' in requestBody.content;
  const isChecked = requestBody ?? parameters.some(({ in: place }) => place !== 'path');
  return [
    'malformed_address',
    ...(security ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(requestBody ? (['malformed_body', 'unsupported_media_type'] as const) : []),
    ...(takesJson ? (['body_too_large'] as const) : []),
    ...(isChecked ? (['invalid_input'] as const) : []),
    ...(operation[PROBLEM_CODES] ?? []),
    'unavailable',
  ];
}

function completeBody(
  document: OpenAPIObject,
  body: NonNullable<Operation['requestBody']>,
  examples: Record<string, string> = {},
): void {
  for (const [type, media] of Object.entries(body.content)) {
    if (media.schema.$ref) body.description ??= resolve(document, media.schema.$ref).description;
    media.example = examples[type] ?? exampleOf(document, media.schema, 'all');
  }
}
