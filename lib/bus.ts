/** A typed in-process bus: what happened, told to whoever asked. Delivery is synchronous and in order. */
export interface Bus<Topics> {
  emit<Topic extends keyof Topics>(topic: Topic, fact: Topics[Topic]): void;
  /** Returns the function that stops listening. */
  on<Topic extends keyof Topics>(topic: Topic, listener: (fact: Topics[Topic]) => void): () => void;
}

/** A listener that throws does not keep the others from hearing; its error goes to `onError`. */
export function createBus<Topics>(onError: (error: unknown, topic: keyof Topics) => void): Bus<Topics> {
  const listeners = new Map<keyof Topics, Set<(fact: never) => void>>();
  return {
    emit(topic, fact) {
      for (const listener of listeners.get(topic) ?? []) {
        try {
          (listener as (fact: unknown) => void)(fact);
        } catch (error) {
          onError(error, topic);
        }
      }
    },
    on(topic, listener) {
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set);
      set.add(listener);
      return () => set.delete(listener);
    },
  };
}
