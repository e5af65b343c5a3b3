"""What of the measures SQL cannot say well: choices that depend on the choices made before."""
