package kitemq.conformance;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs the official Java client against the name server of the first argument; further arguments are parts of scenario names.
 * Prints one line per scenario, `N passed, N failed` last, and exits with 1 when one failed.
 */
public final class Main {
    private static final long LIMIT_SECONDS = 180;

    private Main() {
    }

    public static void main(String[] args) throws Exception {
        String namesrv = args[0];
        String version = args[1];
        Map<String, Scenario> scenarios = new LinkedHashMap<>();
        SendScenarios.addTo(scenarios);
        PushScenarios.addTo(scenarios);
        PullScenarios.addTo(scenarios);
        TopicScenarios.addTo(scenarios);
        QueryScenarios.addTo(scenarios, version);
        RestartScenarios.addTo(scenarios);
        Control control = new Control();
        int passed = 0;
        int failed = 0;
        for (Map.Entry<String, Scenario> entry : scenarios.entrySet()) {
            if (!selected(entry.getKey(), args)) {
                continue;
            }
            if (run(entry.getKey(), entry.getValue(), new Env(namesrv, version, control))) {
                passed++;
            } else {
                failed++;
            }
        }
        System.out.println(passed + " passed, " + failed + " failed");
        System.out.flush();
        Runtime.getRuntime().halt(failed == 0 && passed > 0 ? 0 : 1);
    }

    private static boolean selected(String name, String[] args) {
        boolean any = false;
        for (int i = 2; i < args.length; i++) {
            any = true;
            if (name.contains(args[i])) {
                return true;
            }
        }
        return !any;
    }

    private static boolean run(String name, Scenario scenario, Env env) throws InterruptedException {
        long start = System.nanoTime();
        FutureTask<Void> task = new FutureTask<>(() -> {
            scenario.run(env);
            return null;
        });
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        Throwable failure = null;
        try {
            task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            failure = e.getCause();
        } catch (TimeoutException e) {
            failure = new AssertionError("still running after " + LIMIT_SECONDS + " s");
            StackTraceElement[] stack = thread.getStackTrace();
            failure.setStackTrace(stack);
        } finally {
            env.close();
        }
        long millis = (System.nanoTime() - start) / 1_000_000;
        System.out.printf("%s  %s (%d ms)%n", failure == null ? "pass" : "FAIL", name, millis);
        if (failure != null) {
            failure.printStackTrace(System.out);
        }
        System.out.flush();
        return failure == null;
    }
}
