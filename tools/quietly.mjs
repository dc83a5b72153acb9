// `node tools/quietly.mjs <command> …` runs a command and shows what it printed only if it failed.
import { spawnSync } from "node:child_process";

const [command = "", ...args] = process.argv.slice(2);
const { stdout, stderr, status, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
if (error) throw error;
if (status !== 0) process.stderr.write(stdout + stderr);
process.exitCode = status ?? 1;
