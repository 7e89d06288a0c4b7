import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { API_VERSION } from './server.js';

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
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The secret of a credential.' }, 'secret')
    .addTag('Partners', 'Reseller organisations.')
    .addTag('Authorities', 'Bodies that may ask.')
    .addTag('Credentials', 'Machine keys bound to a role.')
    .addTag('Number blocks', 'Ranges that regulators allocated to us.')
    .addTag('Assignments', 'Ranges that partners hold, over time.')
    .addTag('Number ports', 'Numbers that moved.')
    .addTag('Lookups', 'Who holds the address data behind a number?')
    .addTag('Log', 'Entries that nobody can remove or alter, and only the auditor can read.')
    .build();
  return withHeaders(
    SwaggerModule.createDocument(app, options, {
      ignoreGlobalPrefix: true,
      operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    }),
  );
}

/** Every answer has an API-Version. */
function withHeaders(document: OpenAPIObject): OpenAPIObject {
  document.components ??= {};
  document.components.headers = {
    'API-Version': { description: 'Version of this API.', schema: { type: 'string', example: API_VERSION } },
  };
  for (const path of Object.values(document.paths))
    for (const method of ['get', 'put', 'post', 'patch', 'delete'] as const)
      for (const response of Object.values(path[method]?.responses ?? {}))
        if (response && !('$ref' in response))
          response.headers = {
            ...response.headers,
            'API-Version': { $ref: '#/components/headers/API-Version' },
          };
  return document;
}
