package kitemq.conformance;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;

/** Assertions and polling. */
final class Check {
    static final Duration PATIENCE = Duration.ofSeconds(40);

    private Check() {
    }

    static void that(boolean condition, String what, Object... details) {
        if (!condition) {
            throw new AssertionError(String.format(what, details));
        }
    }

    static void equal(Object expected, Object actual, String what) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError(what + ": expected " + expected + " but was " + actual);
        }
    }

    /** Polls until the condition holds; the message says how far it got. */
    static void eventually(Callable<Boolean> condition, Callable<String> state) throws Exception {
        eventually(PATIENCE, condition, state);
    }

    static void eventually(Duration patience, Callable<Boolean> condition, Callable<String> state) throws Exception {
        long end = System.nanoTime() + patience.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + patience.toSeconds() + " s: " + state.call());
            }
            Thread.sleep(20);
        }
    }

    interface Action {
        void run() throws Exception;
    }

    static <E extends Exception> E fails(Class<E> with, Action action) throws Exception {
        try {
            action.run();
        } catch (Exception e) {
            if (with.isInstance(e)) {
                return with.cast(e);
            }
            throw e;
        }
        throw new AssertionError("expected " + with.getSimpleName() + " but the call succeeded");
    }
}
