import { knative, kserve, olderKnative, vllm } from "../../metrics/catalogue";
import { bucketOf, countOf, matching, not, sumOf } from "../../metrics/select";
import { by, either, rate5m, renamed } from "./expressions";
import type { Recorder } from "./site";

const model = ["cluster", "model"] as const;
const modelBuckets = [...model, "le"] as const;

/** The InferenceService behind a Knative configuration: KServe adds what the component is. */
export const INFERENCE_SERVICE = "(.+?)(?:-predictor(?:-default)?)?";

/** Milliseconds to seconds in a bucket's bound, by moving the point: 500.0 becomes 0.5, 20000.0 becomes 20.0. */
function boundInSeconds(expr: string): string {
  const steps = [
    ["([0-9]+)([0-9]{3})(?:[.]0)?", "$1.$2"],
    ["([0-9]{3})(?:[.]0)?", "0.$1"],
    ["([0-9]{2})(?:[.]0)?", "0.0$1"],
    ["([0-9])(?:[.]0)?", "0.00$1"],
    ["([0-9]+[.][0-9]*[1-9])0+", "$1"],
    ["([0-9]+)[.]0+", "$1.0"],
  ] as const;
  return steps.reduce(
    (inner, [pattern, replacement]) =>
      `label_replace(${inner}, "le", "${replacement}", "le", ${JSON.stringify(pattern)})`,
    expr,
  );
}

/** What one server tells of the requests of its models, by `model` alone; buckets also by `le`. */
export interface ServerExpressions {
  readonly requests: string;
  readonly errors: string;
  readonly buckets: string;
  readonly seconds: string;
}

/** Requests by each kind of server, whatever its version calls them. */
export function serverExpressions(
  own: Recorder["own"],
): Readonly<Record<"knative" | "kserve" | "vllm", ServerExpressions>> {
  return { knative: knativeExpressions(own), vllm: vllmExpressions(own), kserve: kserveExpressions(own) };
}

function knativeExpressions(own: Recorder["own"]): ServerExpressions {
  const named = { kn_configuration_name: not("") };
  const newer = (selector: string): string =>
    renamed(rate5m(selector), "model", "kn_configuration_name", INFERENCE_SERVICE);
  const older = (selector: string): string =>
    renamed(rate5m(selector), "model", "configuration_name", INFERENCE_SERVICE);
  const requests = either(
    by("sum", model, newer(own(countOf(knative.duration), named))),
    by("sum", model, older(own(olderKnative.requests))),
  );
  return {
    requests,
    errors: either(
      by(
        "sum",
        model,
        newer(own(countOf(knative.duration), { ...named, http_response_status_code: matching("5..") })),
      ),
      by("sum", model, older(own(olderKnative.requests, { response_code_class: "5xx" }))),
      `0 * (${requests})`,
    ),
    buckets: `${by("sum", modelBuckets, newer(own(bucketOf(knative.duration), named)))} or on (cluster, model) ${by(
      "sum",
      modelBuckets,
      boundInSeconds(older(own(bucketOf(olderKnative.duration)))),
    )}`,
    seconds: either(
      by("sum", model, newer(own(sumOf(knative.duration), named))),
      `${by("sum", model, older(own(sumOf(olderKnative.duration))))} / 1000`,
    ),
  };
}

function vllmExpressions(own: Recorder["own"]): ServerExpressions {
  const rate = (selector: string): string => renamed(rate5m(selector), "model", "model_name");
  const requests = by("sum", model, rate(own(vllm.requests)));
  return {
    requests,
    errors: either(
      by("sum", model, rate(own(vllm.requests, { finished_reason: "error" }))),
      `0 * ${requests}`,
    ),
    buckets: by("sum", modelBuckets, rate(own(bucketOf(vllm.duration)))),
    seconds: by("sum", model, rate(own(sumOf(vllm.duration)))),
  };
}

/** The Python model server has no status: a request that failed was predicted and not postprocessed. */
function kserveExpressions(own: Recorder["own"]): ServerExpressions {
  const rate = (selector: string): string => renamed(rate5m(selector), "model", "model_name");
  const requests = by("sum", model, rate(own(countOf(kserve.predict))));
  const succeeded = by("sum", model, rate(own(countOf(kserve.postprocess))));
  return {
    requests,
    errors: `clamp_min(${requests} - (${succeeded} or 0 * ${requests}), 0)`,
    buckets: by("sum", modelBuckets, rate(own(bucketOf(kserve.predict)))),
    seconds: by("sum", model, rate(own(sumOf(kserve.predict)))),
  };
}
