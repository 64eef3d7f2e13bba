// SPDX-License-Identifier: Apache-2.0
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * {@code RunTests TAG PATTERN FOLDER...}: runs the tests in folders of classes that have the tag ({@code any}: all), of
 * classes whose names match the pattern. Ends with 0, with 1 after a failure, or with 77 where every test was skipped
 * or none was found.
 */
final class RunTests {
    private static final int SKIPPED = 77;

    private RunTests() {
    }

    public static void main(String[] args) {
        Set<Path> folders = Arrays.stream(args).skip(2).map(Path::of).collect(Collectors.toSet());
        LauncherDiscoveryRequestBuilder wanted = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClasspathRoots(folders)).filters(ClassNameFilter.includeClassNamePatterns(args[1]));
        if (!args[0].equals("any")) {
            wanted.filters(TagFilter.includeTags(args[0]));
        }
        LauncherDiscoveryRequest request = wanted.build();
        SummaryGeneratingListener counts = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, counts, new Printer());
        TestExecutionSummary summary = counts.getSummary();
        summary.printFailuresTo(new PrintWriter(System.out, true), 20);
        System.out.printf("%d ok, %d failed, %d skipped%n", summary.getTestsSucceededCount(),
                summary.getTotalFailureCount(), summary.getTestsAbortedCount() + summary.getTestsSkippedCount());
        System.exit(summary.getTotalFailureCount() > 0 ? 1 : summary.getTestsSucceededCount() == 0 ? SKIPPED : 0);
    }

    private static final class Printer implements TestExecutionListener {
        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (test.isTest()) {
                String reason = result.getThrowable().map(thrown -> ": " + thrown.getMessage()).orElse("");
                System.out.println(switch (result.getStatus()) {
                    case SUCCESSFUL -> "ok      ";
                    case ABORTED -> "skipped ";
                    case FAILED -> "FAILED  ";
                } + test.getDisplayName() + reason);
            }
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            System.out.println("skipped " + test.getDisplayName() + ": " + reason);
        }
    }
}
