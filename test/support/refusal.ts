import { record } from "./mocks";
import type { RecordOptions, Registration } from "./mocks";

/**
 * For a process of its own, as the refusal of a program is a rejection that nobody handles and ends it, as it does under
 * Pulumi: runs a program, and prints the names that were registered and the error as JSON when the process ends.
 */
export function printRefusal(program: () => unknown, options: RecordOptions): void {
  const into: Registration[] = [];
  const errors: unknown[] = [];
  const failed = (error: unknown): void => void errors.push(error);
  process.on("unhandledRejection", failed);
  process.on("exit", () => {
    const [error] = errors;
    const registered = into.map(({ name }) => name);
    process.stdout.write(
      JSON.stringify({ registered, error: error instanceof Error ? error.message : null }),
    );
  });
  record(program, { ...options, into }).catch(failed);
}
