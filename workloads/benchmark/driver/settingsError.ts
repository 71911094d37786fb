/** Settings or arguments that the driver refuses before it sends a request. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}
