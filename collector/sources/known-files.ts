import { headMost } from './content-print.ts';
import { earlierNames } from './rotated-names.ts';
import type { TailedFile } from './tailed-file.ts';

/** Every file being followed or remembered, found by what a new sighting may be compared with. */
export class KnownFiles {
  readonly #files = new Map<string, TailedFile>();
  #index: { inodes: Map<string, TailedFile[]>; paths: Map<string, TailedFile[]>; absent: Map<string, TailedFile[]> } | undefined;

  add(file: TailedFile): void {
    this.#files.set(file.key, file);
    this.#index = undefined;
  }

  remove(key: string): void {
    this.#files.delete(key);
    this.#index = undefined;
  }

  /** Copies and archives are empty before they are that, and were taken for logs that nothing is in yet. */
  unbegun(inodes: ReadonlySet<string>): TailedFile[] {
    return inodes.size === 0 ? [] : this.all().filter(({ inode, offset, unpacked }) => offset === 0 && unpacked === undefined && inodes.has(inode));
  }

  /** To be called when a file's inode, path or presence changed. */
  moved(): void {
    this.#index = undefined;
  }

  get(key: string): TailedFile | undefined {
    return this.#files.get(key);
  }

  all(): TailedFile[] {
    return [...this.#files.values()];
  }

  isLarge(files: number): boolean {
    return this.#files.size > files;
  }

  byInode(inode: string): readonly TailedFile[] {
    return this.#indexed().inodes.get(inode) ?? [];
  }

  byPath(path: string): readonly TailedFile[] {
    return this.#indexed().paths.get(path) ?? [];
  }

  /** Of the same name, or one the path may have been rotated from. */
  byEarlierName(path: string): TailedFile[] {
    return [path, ...earlierNames(path)].flatMap((name) => this.byPath(name));
  }

  /** Those that have lost their place and begin with these bytes; only files read far enough to be told apart by them. */
  absentWithHead(head: string): readonly TailedFile[] {
    return this.#indexed().absent.get(head) ?? [];
  }

  #indexed() {
    if (this.#index) return this.#index;
    const index = { inodes: new Map<string, TailedFile[]>(), paths: new Map<string, TailedFile[]>(), absent: new Map<string, TailedFile[]>() };
    for (const file of this.#files.values()) {
      push(index.inodes, file.inode, file);
      push(index.paths, file.path, file);
      if (!file.present && file.headLength === headMost) push(index.absent, file.head, file);
    }
    this.#index = index;
    return index;
  }
}

function push(map: Map<string, TailedFile[]>, key: string, file: TailedFile): void {
  const list = map.get(key);
  if (list) list.push(file);
  else map.set(key, [file]);
}
