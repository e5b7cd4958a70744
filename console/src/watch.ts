/** Follows the open operations: one request for all of them, less often while nothing changes. */
import { useEffect, useSyncExternalStore } from "react";
import { isWatched } from "./outcome";
import { type Operation, Refusal, type Service } from "./service";

const SOON = 2_000;
const LATE = 15_000;
const LATEST = 60_000;
const SLOWER = 1.5;
const KEPT = "rds-operations.watch";

interface Kept {
  ids: string[];
  seen: string[];
}

const kept = (): Kept => JSON.parse(sessionStorage.getItem(KEPT) ?? '{"ids":[],"seen":[]}') as Kept;

export class Watch {
  private readonly known = new Map<string, Operation>();
  private readonly followed = new Set<string>();
  private readonly over = new Set<string>();
  private readonly shown = new Set<string>();
  /** Time-outs that the reader knows of, while their later end is waited for. */
  private readonly seen = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private delay = SOON;
  private isAsking = false;
  private isClosed = false;
  /** Why the last look failed, empty while all is well. */
  failure = "";
  private version = 0;

  constructor(
    private readonly service: Service,
    private readonly onRefusal: (error: Refusal) => void,
  ) {}

  /** Stop asking, for good. What is being read then must leave nothing in the tab. */
  close(): void {
    this.isClosed = true;
    sessionStorage.removeItem(KEPT);
    clearTimeout(this.timer);
    this.followed.clear();
    this.listeners.clear();
  }

  follow(id: string): void {
    const known = this.known.get(id);
    if ((known?.finished && !isWatched(known)) || this.followed.has(id)) return;
    this.followed.add(id);
    this.keep();
    this.soon();
  }

  /** Follow what this caller has open, as after a reload. */
  async resume(userId: string): Promise<void> {
    const { ids, seen } = kept();
    for (const id of seen) this.seen.add(id);
    for (const id of ids) this.follow(id);
    try {
      const open = await this.service.open();
      for (const { operation_id, requested_by } of open) if (requested_by === userId) this.follow(operation_id);
    } catch (error) {
      this.onRefusal(error as Refusal);
    }
  }

  /** Return those that have ended while they were followed, until they are dismissed. */
  ended(): Operation[] {
    return [...this.over].flatMap((id) => this.known.get(id) ?? []);
  }

  /** Return those that go on, as far as is known. */
  running(): Operation[] {
    return [...this.followed].flatMap((id) => this.known.get(id) ?? []).filter(({ finished }) => !finished);
  }

  /** Say that a view shows it: its end is seen there. Return what says that the view is closed. */
  show(id: string): () => void {
    this.shown.add(id);
    this.dismiss(id);
    return () => this.shown.delete(id);
  }

  dismiss(id: string): void {
    if (!this.over.delete(id)) return;
    this.seen.add(id);
    this.keep();
    this.told();
  }

  get(id: string): Operation | undefined {
    return this.known.get(id);
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  readonly snapshot = (): number => this.version;

  /** Ask now, as after the network came back. */
  soon(): void {
    this.delay = SOON;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), 0);
  }

  private async look(): Promise<void> {
    if (this.isAsking || this.followed.size === 0) return;
    this.isAsking = true;
    try {
      const hasChanged = await this.read();
      this.failure = "";
      this.delay = hasChanged ? SOON : Math.min(this.isLateWatch() ? LATEST : LATE, this.delay * SLOWER);
    } catch (error) {
      const refusal = error as Refusal;
      this.failure = refusal.message;
      this.delay = Math.min(LATE, this.delay * SLOWER);
      this.onRefusal(refusal);
    } finally {
      this.isAsking = false;
      this.told();
      clearTimeout(this.timer);
      if (this.followed.size > 0) this.timer = setTimeout(() => void this.look(), this.delay);
    }
  }

  /** Return whether something is new. One that is not among the open ones is asked for by its id: it has ended, or is not listed yet. */
  private async read(): Promise<boolean> {
    const isFirst = [...this.followed].every((id) => !this.known.has(id));
    const open = this.followed.size === 1 || isFirst ? [] : await this.service.open();
    const listed = new Map(open.map((operation) => [operation.operation_id, operation]));
    let hasChanged = false;
    for (const id of this.followed) {
      const now = listed.get(id) ?? (await this.asked(id));
      const before = this.known.get(id);
      hasChanged ||= JSON.stringify(now) !== JSON.stringify(before);
      this.known.set(id, now);
      if (hasEnded(now, before)) this.tell(id, finalStatus(now));
      if (now.finished && !isWatched(now)) this.followed.delete(id);
    }
    this.keep();
    return hasChanged;
  }

  /** A view may show it, or its time-out may have been seen before a reload. */
  private tell(id: string, later?: string): void {
    if (this.shown.has(id)) this.seen.add(id);
    else if (later || !this.seen.has(id)) this.over.add(id);
  }

  /** Whether all that is followed has ended, and only its later end is waited for. */
  private isLateWatch(): boolean {
    return [...this.followed].every((id) => this.known.get(id)?.finished);
  }

  private async asked(id: string): Promise<Operation> {
    try {
      return await this.service.operation(id);
    } catch (error) {
      if ((error as Refusal).status === 404) {
        this.followed.delete(id);
        this.keep();
      }
      throw error;
    }
  }

  /** What has not been told yet must not be lost by a reload. */
  private keep(): void {
    if (!this.isClosed) sessionStorage.setItem(KEPT, JSON.stringify({ ids: [...this.followed, ...this.over], seen: [...this.seen].filter((id) => this.followed.has(id)) }));
  }

  private told(): void {
    this.version += 1;
    for (const changed of this.listeners) changed();
  }
}

/** Whether it has come to an end that was not known: its own, or the later one of a time-out. */
const hasEnded = (now: Operation, before?: Operation): boolean =>
  now.finished && (!before?.finished || finalStatus(now) !== finalStatus(before));

const finalStatus = (operation: Operation): string | undefined => ("final_status" in operation ? operation.final_status : undefined);

/** Follow an operation to its end. A look follows at once when the network or the tab comes back. */
export function useOperation(watch: Watch, id: string): Operation | undefined {
  useSyncExternalStore(watch.subscribe, watch.snapshot);
  useEffect(() => {
    watch.follow(id);
    const close = watch.show(id);
    const again = (): void => watch.soon();
    window.addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    return () => {
      window.removeEventListener("online", again);
      document.removeEventListener("visibilitychange", again);
      close();
    };
  }, [watch, id]);
  return watch.get(id);
}
