"""Who is who: what of the identity layer SQL cannot say well (names over distinct values, clusters under guards)."""
