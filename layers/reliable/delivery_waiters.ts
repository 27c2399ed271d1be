// The callers that wait until the peer has acknowledged their messages, in the layer reliable.

export class DeliveryWaiters {
  #waiting: { readonly messages: number; readonly done: PromiseWithResolvers<void> }[] = [];
  #ends: PromiseWithResolvers<void>[] = [];

  /** Resolves once the peer has this many messages. */
  messages(messages: number): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ messages, done });
    return done.promise;
  }

  /** Resolves once the peer has everything, the end too. */
  end(): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#ends.push(done);
    return done.promise;
  }

  acknowledged(messages: number): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => {
      if (waiter.messages > messages) return true;
      waiter.done.resolve();
      return false;
    });
  }

  resolve(): void {
    for (const { done } of this.#waiting.splice(0)) done.resolve();
    for (const done of this.#ends.splice(0)) done.resolve();
  }

  reject(error: Error): void {
    for (const { done } of this.#waiting.splice(0)) done.reject(error);
    for (const done of this.#ends.splice(0)) done.reject(error);
  }
}
