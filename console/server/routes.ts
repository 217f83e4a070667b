import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Mammoflow } from '../../api/mammoflow.js';
import { errorSchema } from '../contract/common.js';
import { PATHS, type RouteName } from '../contract/paths.js';
import { ROUTES, type RouteContract, type Routes } from '../contract/routes.js';
import type { Access, User } from './access.js';

type Part<Name extends RouteName, Key extends string> = Routes[Name] extends { readonly [key in Key]: infer Schema }
  ? Schema extends z.ZodType
    ? z.output<Schema>
    : undefined
  : undefined;

/** What a route's handler gets: the request's parts as the contract checked them, and mammoflow in the name of who asks. */
export interface RouteRequest<Name extends RouteName> {
  readonly params: Part<Name, 'params'>;
  readonly query: Part<Name, 'query'>;
  readonly body: Part<Name, 'body'>;
  readonly user: User;
  readonly mammoflow: Mammoflow;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export type Handlers = {
  readonly [Name in RouteName]: (request: RouteRequest<Name>) => Promise<z.output<Routes[Name]['response']>>;
};

/** Nobody, for routes that say who the caller is. */
const NOBODY: User = { name: '', role: 'read' };

/** Registers every route of the contract. A route is its schema and one handler; who may call it is decided here. */
export function addRoutes(
  app: FastifyInstance,
  { access, handlers, as }: { access: Access; handlers: Handlers; as: (user: User) => Mammoflow },
): void {
  for (const name of Object.keys(PATHS) as RouteName[]) {
    const [method, url] = PATHS[name];
    const contract: RouteContract = ROUTES[name];
    const handle = handlers[name] as (request: RouteRequest<RouteName>) => Promise<unknown>;
    const users = new WeakMap<FastifyRequest, User>();
    app.route({
      method,
      url,
      schema: {
        operationId: name,
        summary: contract.summary,
        tags: [contract.tag],
        ...(contract.role === null ? {} : { description: `Role: ${contract.role}.` }),
        ...(contract.params === undefined ? {} : { params: contract.params }),
        ...(contract.query === undefined ? {} : { querystring: contract.query }),
        ...(contract.body === undefined ? {} : { body: contract.body }),
        response: { 200: contract.response, '4xx': errorSchema, '5xx': errorSchema },
      },
      ...(name === 'signIn' ? { config: { rateLimit: { max: 10, timeWindow: '1 minute' } } } : {}),
      // Before anything of the body is read or said to be wrong.
      onRequest: async (request) => {
        if (method !== 'GET') access.requireOwnPage(request);
        if (contract.role !== null) users.set(request, await access.require(request, contract.role));
      },
      handler: async (request, reply) => {
        const user = users.get(request) ?? NOBODY;
        const { params, query, body } = request;
        return handle({ params, query, body, user, mammoflow: as(user), request, reply } as RouteRequest<RouteName>);
      },
    });
  }
}
