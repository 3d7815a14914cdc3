// The bindings know two mistakes of their own, and throw plain errors for them, also where a promise is due: an argument
// that is no object of the class, and an object that was freed. Here they become what all others are.

const synchronous = new Set(['klDivergence', 'sample', 'requireConverged']);

const ofFreed = (error) => error?.message === 'null pointer passed to rust';

function explained(error) {
  if (!(error instanceof Error) || error.kind !== undefined) return error;
  const [, expected] = /^expected instance of (\w+)$/.exec(error.message) ?? [];
  const freed = ofFreed(error);
  if (!expected && !freed) return error;
  const message = freed ? 'an object was used after free()' : `an argument is no ${expected}`;
  return Object.assign(new TypeError(message, { cause: error }), { kind: 'invalid-input' });
}

/** The function with mistakes explained, as a rejection unless it is `immediate`. */
export function accountable(call, immediate = false) {
  return function accounted(...parameters) {
    try {
      return call.apply(this, parameters);
    } catch (error) {
      if (immediate) throw explained(error);
      return Promise.reject(explained(error));
    }
  };
}

/** `free`, of which the second does nothing. */
function onlyOnce(free) {
  return function freeOnce() {
    try {
      free.call(this);
    } catch (error) {
      if (!ofFreed(error)) throw error;
    }
  };
}

/** All functions and properties of a class, in place. */
export function accountableClass(Class) {
  for (const target of [Class, Class.prototype]) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(target))) {
      if (name === 'constructor' || name.startsWith('__')) continue;
      if (name === 'free') property.value = onlyOnce(property.value);
      else if (property.get) property.get = accountable(property.get, true);
      else if (typeof property.value === 'function') property.value = accountable(property.value, synchronous.has(name));
      else continue;
      Object.defineProperty(target, name, property);
    }
  }
  if (Symbol.dispose) Class.prototype[Symbol.dispose] = Class.prototype.free;
}
