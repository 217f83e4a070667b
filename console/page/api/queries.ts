import {
  type InfiniteData,
  keepPreviousData,
  QueryClient,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { ApiError, type RequestOf, type ResponseOf } from '../../contract/client.js';
import type { RouteName } from '../../contract/paths.js';
import { client } from './client.js';

/** Errors that the same question would get again. */
const isFinal = (error: unknown): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What changes is told by the console (events.ts); this is for whoever was not told.
      staleTime: 30_000,
      retry: (failures, error) => !isFinal(error) && failures < 2,
      refetchOnWindowFocus: true,
    },
  },
});

type AnyCall = (request: unknown) => Promise<unknown>;
const callOf = (name: RouteName): AnyCall => client[name] as AnyCall;

/** What identifies an answer: the route's name first, so that all answers of a route can be dropped at once. */
export const keyOf = (name: RouteName, request?: unknown): readonly unknown[] => [name, request ?? {}];

interface Options<Answer = unknown> {
  readonly enabled?: boolean;
  /** Shows the answer to the last question until the new one's is here. */
  readonly keep?: boolean;
  /** Asks again after so many milliseconds, for what changes without an event; it may depend on the last answer. */
  readonly refetchInterval?: number | ((last: Answer | undefined) => number | false);
  /** An answer that is already here is not good enough: the question is asked again. */
  readonly fresh?: boolean;
}

const optionsOf = <Name extends RouteName>(name: Name, request?: RequestOf<Name>) => ({
  queryKey: keyOf(name, request),
  queryFn: ({ signal }: { signal: AbortSignal }) => callOf(name)({ ...request, signal }) as Promise<ResponseOf<Name>>,
});

/** Asks now for what `useApi` will ask for. If it cannot be had, that is said when it is asked for again. */
export function askAhead<Name extends RouteName>(name: Name, request?: RequestOf<Name>): void {
  void queries.prefetchQuery(optionsOf(name, request));
}

/**
 * A route's answer, asked again when the console tells that it may have changed.
 *
 * @example
 * const job = useApi('job', { params: { job: id } });
 */
export function useApi<Name extends RouteName>(
  name: Name,
  request?: RequestOf<Name>,
  { keep = false, fresh = false, refetchInterval: every, ...options }: Options<ResponseOf<Name>> = {},
): UseQueryResult<ResponseOf<Name>, ApiError> {
  return useQuery<ResponseOf<Name>, ApiError>({
    ...optionsOf(name, request),
    ...(keep ? { placeholderData: keepPreviousData } : {}),
    ...(fresh ? { staleTime: 0 } : {}),
    ...(every === undefined
      ? {}
      : { refetchInterval: typeof every === 'number' ? every : ({ state }) => every(state.data) }),
    ...options,
  });
}

/** Routes that give a list page by page. */
type PagedRoute = {
  [Name in RouteName]: ResponseOf<Name> extends { items: readonly unknown[]; next?: string | undefined } ? Name : never;
}[RouteName];

/**
 * A list that grows page by page.
 *
 * @example
 * const jobs = usePages('jobs', {});
 * <LoadMore pages={jobs} />
 */
export function usePages<Name extends PagedRoute>(
  name: Name,
  request: RequestOf<Name>,
  { keep = false, ...options }: Pick<Options, 'enabled' | 'keep'> = {},
): UseInfiniteQueryResult<InfiniteData<ResponseOf<Name>>, ApiError> {
  return useInfiniteQuery({
    queryKey: keyOf(name, { pages: true, ...request }),
    queryFn: ({ signal, pageParam }) => {
      const { query } = request as { query?: object };
      const after = pageParam === undefined ? {} : { after: pageParam };
      return callOf(name)({ ...request, query: { ...query, ...after }, signal }) as Promise<ResponseOf<Name>>;
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last as { next?: string }).next,
    ...(keep ? { placeholderData: keepPreviousData } : {}),
    ...options,
  }) as UseInfiniteQueryResult<InfiniteData<ResponseOf<Name>>, ApiError>;
}

/**
 * A change. Whatever it may have changed is asked for again.
 *
 * @example
 * const cancel = useChange('cancelJob');
 * cancel.mutate({ params: { job } });
 */
export function useChange<Name extends RouteName>(
  name: Name,
): UseMutationResult<ResponseOf<Name>, ApiError, RequestOf<Name>> {
  const known = useQueryClient();
  return useMutation<ResponseOf<Name>, ApiError, RequestOf<Name>>({
    mutationFn: (request) => callOf(name)(request) as Promise<ResponseOf<Name>>,
    onSuccess: () => known.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' }),
  });
}
