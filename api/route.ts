import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { LoanloomError } from '../domain/errors';
import { OPERATOR_ROLES, type OperatorRole } from '../domain/party/operators';
import { authenticate, type Caller } from './auth';
import type { ApiDeps } from './deps';
import { problemSchema } from './errors';

/** What a handler answers: a status that the route documents, a body, and headers. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteInput<P, Q, B> {
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Present on routes that require it. */
  readonly idempotencyKey: string;
  readonly rawBody: unknown;
  readonly userAgent: string;
}

type Shape = z.ZodObject;

/** One route: validates, authenticates and documents from the same definition. */
export interface Route<P extends Shape = Shape, Q extends Shape = Shape, B extends z.ZodType = z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** OpenAPI form: /v1/loans/{loanId}. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Who may ask: anyone, the borrower, or operators with one of these roles. */
  readonly role: 'anyone' | 'borrower' | readonly OperatorRole[];
  readonly idempotencyKey?: 'required' | 'optional';
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The handler reads the raw body itself; `body` documents its forms. */
  readonly isBodyRead?: boolean;
  /** `mediaType`: JSON where it is not said; of anything else the body is bytes. */
  readonly responses: Readonly<Record<number, { description: string; schema: z.ZodType; mediaType?: 'application/pdf' }>>;
  handle(deps: ApiDeps, input: RouteInput<z.output<P>, z.output<Q>, z.output<B>>): Promise<Answer>;
}

/** Keeps a route's types together. */
export function route<P extends Shape, Q extends Shape, B extends z.ZodType>(definition: Route<P, Q, B>): Route {
  return definition;
}

/** Every operator may look. */
export const TO_LOOK = OPERATOR_ROLES;

const NOBODY: Caller = { role: 'borrower', id: 'nobody', name: 'nobody', roles: [] };

/** FORBIDDEN for who has not the role that the route asks for. */
function assertMay(caller: Caller, role: Route['role']): void {
  if (role === 'anyone') return;
  if (role === 'borrower') {
    if (caller.role !== 'borrower') throw new LoanloomError('FORBIDDEN', 'this is for borrowers');
    return;
  }
  if (caller.role !== 'operator') throw new LoanloomError('FORBIDDEN', 'this is for operators');
  if (!role.some((each) => caller.roles.includes(each)))
    throw new LoanloomError('FORBIDDEN', `this needs the role ${role.join(' or ')}; ${caller.id} has ${caller.roles.join(', ')}`);
}

const keySchema = z.string().regex(/^[\x21-\x7e]{1,128}$/);

function idempotencyKeyOf(definition: Route, request: Request, response: Response): string {
  const given = request.get('Idempotency-Key');
  if (given === undefined || given === '') {
    if (definition.idempotencyKey === 'required')
      throw new LoanloomError(
        'IDEMPOTENCY_KEY_MISSING',
        'send an Idempotency-Key header: a new random value for each new request, the same one when repeating it',
      );
    return String(response.locals.requestId);
  }
  if (!keySchema.safeParse(given).success)
    throw new LoanloomError('VALIDATION', 'an Idempotency-Key has 1 to 128 printable ASCII characters', { path: 'Idempotency-Key' });
  return given;
}

/** Mounts a route on Express. */
export function mount(app: Express, deps: ApiDeps, definition: Route): void {
  const path = definition.path.replaceAll(/\{(\w+)\}/g, ':$1');
  app[definition.method](path, async (request: Request, response: Response) => {
    const address = request.socket.remoteAddress ?? '';
    await deps.limits?.byAddress(address);
    const caller =
      definition.role === 'anyone'
        ? NOBODY
        : await authenticate(deps, request.get('authorization')).catch(async (error: unknown) => {
            await deps.limits?.refused(address);
            throw error;
          });
    await deps.limits?.byPerson(caller === NOBODY ? address : caller.name, definition.path, definition.method !== 'get');
    assertMay(caller, definition.role);
    const answer = await definition.handle(deps, {
      caller,
      params: (definition.params ?? z.object({})).parse(request.params),
      query: (definition.query ?? z.strictObject({})).parse(request.query),
      body: definition.body === undefined || definition.isBodyRead === true ? undefined : definition.body.parse(request.body),
      idempotencyKey: idempotencyKeyOf(definition, request, response),
      rawBody: request.body as unknown,
      userAgent: request.get('user-agent') ?? '',
    });
    response.set({ 'Cache-Control': 'no-store', ...answer.headers }).status(answer.status);
    if (Buffer.isBuffer(answer.body)) response.type(definition.responses[answer.status]?.mediaType ?? 'bin').send(answer.body);
    else if (typeof answer.body === 'string') response.type('text/plain').send(answer.body);
    else response.json(answer.body);
  });
}

const ERROR_STATUSES: Readonly<Record<number, string>> = {
  400: 'Not the documented form',
  401: 'No valid token',
  403: 'Not allowed for this role',
  404: 'Not there, or not yours',
  409: 'Not possible in this state',
  422: 'Refused by a rule',
  429: 'Too many requests',
  503: 'Not available for the moment',
};

/** The OpenAPI paths of a set of routes. */
export function documentRoutes(routes: readonly Route[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const each of routes) {
    const successes = Object.entries(each.responses).map(([status, response]) => [
      status,
      { description: response.description, content: { [response.mediaType ?? 'application/json']: { schema: response.schema } } },
    ]);
    const problems = Object.entries(ERROR_STATUSES).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: problemSchema } } },
    ]);
    (paths[each.path] ??= {})[each.method] = {
      operationId: `${each.method}${each.path.replaceAll(/[^A-Za-z]+(\w)/g, (_, first: string) => first.toUpperCase()).replaceAll(/[^A-Za-z0-9]/g, '')}`,
      summary: each.summary,
      ...(typeof each.role === 'string' ? {} : { description: `For operators with the role ${each.role.join(' or ')}.` }),
      tags: [each.tag],
      ...(each.role === 'anyone' ? { security: [] } : {}),
      requestParams: {
        ...(each.params === undefined ? {} : { path: each.params }),
        ...(each.query === undefined ? {} : { query: each.query }),
        ...(each.idempotencyKey === undefined
          ? {}
          : { header: z.object({ 'Idempotency-Key': each.idempotencyKey === 'required' ? keySchema : keySchema.optional() }) }),
      },
      ...(each.body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: each.body } } } }),
      responses: Object.fromEntries([...successes, ...problems]) as Record<string, unknown>,
    };
  }
  return paths;
}
