import * as path from "node:path";
import { repository } from "../paths";
import { ensureInstalled, installation, installed, must, pipInstall } from "./python";
import type { PythonInstallation } from "./python";

/** Every package by version and hash. */
const lock = path.join(repository, "sandbox/mlflow/requirements.txt");

const mlflow = (): PythonInstallation => installation("mlflow", [lock]);

/** Whether MLflow's environment is in place at its pins. */
export const mlflowInPlace = (): boolean => installed(mlflow());

/** MLflow's program, in place or not. */
export const mlflowProgram = (): string => path.join(mlflow().folder, "bin", "mlflow");

/** Makes MLflow's Python environment where it is missing. */
export function setUpMlflow(progress: (line: string) => void): void {
  const { folder } = mlflow();
  ensureInstalled(mlflow(), "MLflow", progress, (python) => {
    must(python, "-m", "venv", folder);
    must(path.join(folder, "bin", "pip"), ...pipInstall(lock));
  });
}
