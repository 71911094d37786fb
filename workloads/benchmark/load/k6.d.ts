/** As much of k6 (1.x) as the load script uses. */
declare module "k6" {
  export function sleep(seconds: number): void;
}

declare module "k6/http" {
  export interface Response {
    /** 0 where there was no answer. */
    readonly status: number;
    readonly body: string | null;
    /** k6's number for what went wrong; 0 for an answer below 400. */
    readonly error_code: number;
    /** Milliseconds. */
    readonly timings: { readonly duration: number; readonly blocked: number };
  }
  export interface Params {
    readonly headers?: Readonly<Record<string, string>>;
    readonly tags?: Readonly<Record<string, string>>;
    /** Milliseconds. */
    readonly timeout?: number;
    readonly responseType?: "text";
  }
  const http: { post(url: string, body: string, params?: Params): Response };
  export default http;
}

declare module "k6/metrics" {
  export class Counter {
    constructor(name: string);
    add(value: number, tags?: Readonly<Record<string, string>>): void;
  }
  export class Gauge {
    constructor(name: string);
    add(value: number): void;
  }
  export class Trend {
    constructor(name: string);
    add(value: number): void;
  }
}

declare module "k6/data" {
  /** An array that all virtual users share; each element is copied when it is read. */
  export const SharedArray: new <T>(name: string, make: () => readonly T[]) => readonly T[];
}

declare module "k6/execution" {
  const execution: {
    readonly scenario: {
      /** Milliseconds since the epoch. */
      readonly startTime: number;
      /** Unique within the scenario, from 0. */
      readonly iterationInTest: number;
    };
  };
  export default execution;
}
