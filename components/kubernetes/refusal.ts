import * as pulumi from "@pulumi/pulumi";

/**
 * The error that ends the program. Every resource that waits for what was refused would write its own name in front of
 * the message, and bury it; this message stays as it is.
 */
export function refusal(problem: string): pulumi.RunError {
  const error = new pulumi.RunError(problem);
  Object.defineProperty(error, "message", { get: () => problem, set: () => undefined });
  delete error.stack;
  return error;
}
