/** Settings or arguments that the worker refuses before it touches anything. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}
