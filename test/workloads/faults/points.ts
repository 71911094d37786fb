import type { FaultProxy, SeenRequest } from "../support/faultProxy";

/** The two servers that a run talks to. */
export const servers = ["store", "registry"] as const;
export type ServerName = (typeof servers)[number];

/** One request of a run, told apart from all its others, whatever order they come in. */
export interface Point {
  readonly server: ServerName;
  /** The operation's name: `PutObject`, `POST runs/create`. */
  readonly operation: string;
  /** Operation and what it is asked of, the same in every run of every member. */
  readonly what: string;
  /** Which of the requests with the same `what`, from 1; those follow one another. */
  readonly nth: number;
}

/** A point as it was seen when nothing went wrong. */
export interface SeenPoint extends Point {
  /** Bytes of the request's body. */
  readonly sent: number;
  /** Bytes of the answer's body. */
  readonly answered: number;
}

export const pointName = ({ what, nth }: Point): string => (nth === 1 ? what : `${what} (${nth})`);

const byQuery: Readonly<Record<string, readonly [name: string, operation: string][]>> = {
  GET: [
    ["uploads", "ListMultipartUploads"],
    ["list-type", "ListObjectsV2"],
    ["uploadId", "ListParts"],
  ],
  PUT: [["partNumber", "UploadPart"]],
  POST: [
    ["uploads", "CreateMultipartUpload"],
    ["uploadId", "CompleteMultipartUpload"],
  ],
  DELETE: [["uploadId", "AbortMultipartUpload"]],
};
const plain: Readonly<Record<string, string>> = {
  GET: "GetObject",
  HEAD: "HeadObject",
  PUT: "PutObject",
  DELETE: "DeleteObject",
};

function storeOperation({ method, headers }: SeenRequest, query: URLSearchParams): string {
  if (headers["x-amz-copy-source"] !== undefined) return "CopyObject";
  const [, operation] = byQuery[method]?.find(([name]) => query.has(name)) ?? [];
  return operation ?? plain[method] ?? method;
}

/** Parts of a query that tell requests apart, in the order they are named in. */
const telling = ["prefix", "partNumber", "name", "filter", "experiment_name"];

/** Operation of a request and what it is asked of; the member's own name is left out. */
function nameOf(
  server: ServerName,
  request: SeenRequest,
  member: string,
): Pick<Point, "server" | "operation" | "what"> {
  const { pathname, searchParams } = new URL(request.path, "http://server");
  const path = decodeURIComponent(pathname);
  const operation =
    server === "store"
      ? storeOperation(request, searchParams)
      : `${request.method} ${path.replace("/api/2.0/mlflow/", "")}`;
  const asked = telling.flatMap((name) => {
    const value = searchParams.get(name);
    return value === null ? [] : [`${name}=${value}`];
  });
  const words = server === "store" ? [operation, path, ...asked] : [operation, ...asked];
  return { server, operation, what: words.join(" ").replaceAll(member, "MEMBER") };
}

/** Counts the requests through two proxies, and says of each which point of a run it is. */
export function pointsOf(member: string): (server: ServerName, request: SeenRequest) => Point {
  const counts = new Map<string, number>();
  return (server, request) => {
    const named = nameOf(server, request, member);
    const nth = (counts.get(named.what) ?? 0) + 1;
    counts.set(named.what, nth);
    return { ...named, nth };
  };
}

/** Has two proxies write down every request of one run; the list is whole once the run has ended. */
export function recordPoints(
  proxies: Readonly<Record<ServerName, FaultProxy>>,
  member: string,
): readonly SeenPoint[] {
  const seen: SeenPoint[] = [];
  const pointOf = pointsOf(member);
  for (const server of servers) {
    const open = new Map<number, Point>();
    proxies[server].fault = (request) => {
      open.set(request.number, pointOf(server, request));
      return undefined;
    };
    proxies[server].answered = (request, _status, answered) => {
      seen.push({ ...open.get(request.number)!, sent: request.body.length, answered });
    };
  }
  return seen;
}
