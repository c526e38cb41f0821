# Sourced by the scripts of the distribution: sets JAVA to a java of version 25 or newer, or explains and exits 2.
java_version() { # of a home; its release file is read quicker than a JVM starts
  if [ -f "$1/release" ]; then
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
  else
    "$1/bin/java" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p'
  fi
}
JAVA=
for home in "${SWIFT_JAVA_HOME:-}" "${JAVA_HOME:-}" "$(dirname "$(dirname "$(command -v java 2>/dev/null || echo /none/bin/java)")")" \
  /usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/jdk*; do
  [ -n "$home" ] && [ -x "$home/bin/java" ] || continue
  version=$(java_version "$home")
  if [ "${version:-0}" -ge 25 ] 2>/dev/null; then
    JAVA=$home/bin/java
    break
  fi
done
if [ -z "$JAVA" ]; then
  echo "swift: a JDK of version 25 or newer is needed and none was found (looked at JAVA_HOME, the PATH and the usual folders)." >&2
  echo "       Install one (Eclipse Temurin 25, say) or set SWIFT_JAVA_HOME to its folder." >&2
  exit 2
fi
