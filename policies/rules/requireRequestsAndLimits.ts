import type { ResourceValidationPolicy } from "@pulumi/policy";
import { at } from "../fields";
import { eachContainer, validatePod } from "../pods";

const needed = [
  ["requests", "cpu"],
  ["requests", "memory"],
  ["limits", "cpu"],
  ["limits", "memory"],
] as const;

/** Every container says what it needs and how much it may take; ephemeral ones, which can not, are left out. */
export const requireRequestsAndLimits: ResourceValidationPolicy = {
  name: "require-requests-and-limits",
  description: "Every container has requests and limits of cpu and memory.",
  enforcementLevel: "mandatory",
  validateResource: validatePod((pod, report) => {
    eachContainer(pod, ({ list, title, path, fields }) => {
      if (list === "ephemeralContainers") {
        return;
      }
      const missing = needed
        .filter((names) => {
          const quantity = at(fields.resources, names);
          return quantity === undefined || quantity === null || quantity === "";
        })
        .map((names) => names.join("."));
      if (missing.length > 0) {
        report(`${pod.title}, ${title}, ${path}.resources: set ${missing.join(", ")}`);
      }
    });
  }),
};
