import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileStore } from "./fileStore";

let folder = "";
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "dzdt-store-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a store without a file reads as undefined, and then as what was written last", async () => {
  const store = fileStore(join(folder, "a.bin"));
  expect(await store.read()).toBeUndefined();
  await store.write(Uint8Array.of(1, 2, 3));
  await store.write(Uint8Array.of(4));
  expect(await store.read()).toEqual(Uint8Array.of(4));
  expect(await readdir(folder)).toEqual(["a.bin"]);
});

test("writes land in the order asked for, with the bytes of that moment", async () => {
  const store = fileStore(join(folder, "a.bin"));
  const bytes = Uint8Array.of(0, 0, 0);
  const writes = Array.from({ length: 20 }, (_, k) => {
    bytes.fill(k);
    return store.write(bytes);
  });
  bytes.fill(99);
  await Promise.all(writes);
  expect(await store.read()).toEqual(Uint8Array.of(19, 19, 19));
  expect(await readdir(folder)).toEqual(["a.bin"]);
});

test("whoever reads while writes go on finds whole values only", async () => {
  const path = join(folder, "a.bin");
  const store = fileStore(path);
  await store.write(new Uint8Array(100_000));
  const writing = Promise.all(Array.from({ length: 10 }, (_, k) => store.write(new Uint8Array(100_000).fill(k))));
  let busy = true;
  void writing.then(() => (busy = false));
  while (busy) {
    const bytes = await readFile(path);
    expect(bytes.length).toBe(100_000);
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
  }
  await writing;
});

test("a write that fails at the rename says so, keeps what was there and leaves no temporary file", async () => {
  const path = join(folder, "taken");
  await mkdir(path);
  await writeFile(join(path, "inside"), "x");
  const store = fileStore(path);
  await expect(store.write(Uint8Array.of(1))).rejects.toThrow(`fileStore: cannot write ${path} (`);
  expect(await readdir(folder)).toEqual(["taken"]);
  expect(await readdir(path)).toEqual(["inside"]);
});

test("a failed write does not spoil the next", async () => {
  const path = join(folder, "later", "a.bin");
  const store = fileStore(path);
  await expect(store.write(Uint8Array.of(1))).rejects.toThrow(
    `fileStore: cannot write ${path} (ENOENT); check that its folder exists, is writable and has room`,
  );
  await mkdir(join(folder, "later"));
  await store.write(Uint8Array.of(2));
  expect(await store.read()).toEqual(Uint8Array.of(2));
});

test("a path that cannot be read is named", async () => {
  await expect(fileStore(folder).read()).rejects.toThrow(`fileStore: cannot read ${folder} (EISDIR)`);
});
