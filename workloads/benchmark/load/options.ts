import { bucketName, bucketOf } from "../buckets";
import type { Step } from "./step";

/** The bucket of answers that come as late as the time-out lets them. */
export const lastBucket = ({ timeoutSeconds }: Pick<Step, "timeoutSeconds">): number =>
  bucketOf(timeoutSeconds * 1000) + 1;

/** k6's options of a step: requests begin at the rate, whether or not those before have been answered; a clock beside them. */
export function optionsOf(step: Step) {
  return {
    scenarios: {
      load: {
        executor: "constant-arrival-rate",
        // whole numbers only: requests in a thousand seconds
        rate: Math.round(step.rate * 1000),
        timeUnit: "1000s",
        duration: `${step.warmUpSeconds + step.seconds}s`,
        preAllocatedVUs: step.virtualUsers,
        maxVUs: step.maxVirtualUsers,
        gracefulStop: `${step.timeoutSeconds}s`,
      },
      clock: {
        executor: "per-vu-iterations",
        exec: "clock",
        vus: 1,
        iterations: 1,
        // it ends by itself, with the window
        maxDuration: `${step.warmUpSeconds + step.seconds + step.timeoutSeconds}s`,
        gracefulStop: "0s",
      },
    },
    tags: step.tags,
    // a list of no thresholds has k6 count a bucket by itself; it tells those that occurred
    thresholds: Object.fromEntries(
      Array.from({ length: lastBucket(step) + 1 }, (_, bucket) => [bucketName(bucket), []]),
    ),
    systemTags: ["status", "method", "name", "expected_response", "scenario"],
    // a target's answer is the answer: a redirect is not one
    maxRedirects: 0,
    summaryTrendStats: ["avg", "max", "p(50)", "p(95)", "p(99)"],
  };
}
