import type { ResourceValidationPolicy } from "@pulumi/policy";
import { eachContainer, validatePod } from "../pods";

const pinned = /^[^@\s]+@sha256:[0-9a-f]{64}$/;

/** Every image is named by its digest: what runs is what was tested, whatever happens to the tag. */
export const requirePinnedImages: ResourceValidationPolicy = {
  name: "require-pinned-images",
  description: "Every container image is pinned by its digest.",
  enforcementLevel: "mandatory",
  validateResource: validatePod((pod, report) => {
    eachContainer(pod, ({ title, path, fields }) => {
      const image = fields.image;
      if (typeof image !== "string" || image === "") {
        report(`${pod.title}, ${title}, ${path}.image: no image; write name:tag@sha256:<64 hex digits>`);
      } else if (!pinned.test(image)) {
        report(
          `${pod.title}, ${title}, ${path}.image: "${image}" is not pinned; write name:tag@sha256:<64 hex digits>`,
        );
      }
    });
  }),
};
