"""Places whose names are everyday words, first names or surnames, or lakes and Länder that people talk about."""

from __future__ import annotations

from typing import Final

EVERYDAY: Final[frozenset[str]] = frozenset(
    """
    aalen achim acht ahorn alf alpen ammersee anger appel au auen aura ausleben auwald bach balge bann bell benz berg berge
    bergen bescheid besitz binnen blender bodensee boden boehme boerde bogen born brand brandenburg brechen brecht breit
    bruch bruecken brunnen buch buchen buettel bunde burg burgen chiemsee damp datteln demen dill dingen drage duemmer eck
    egeln egg eich eichen einig elbe engen enger erden ernst esche essen fahren felde fell fellen feucht filz finne fisch
    fischen flacht floss forst frechen fuessen gering geyer giebel giesen giessen gingen gingst glatten gleichen graben
    graeben grafschaft grande grub grube haag haar haeusern hagen hahn halbe halle hammer harz haste hatten hausen hecken
    heere heide heiden hemme herold hirten hoechst hoefen hof hohn holle holt holzen hopsten horn horst huetten igel insul
    jade kahl kalbe kalt kamen karenz karl kauern keltern kenn kerben kernen kirchen klausen kleve kloetze koerner kommen
    korb kotzen krempel kuchen kuerten kuesten lachen lage lahn lam langen lanze lauben lauf laufen lauter leck leer lehmen
    lehre leimen lich lieg linda linden lindern lippe list loehne lohne loop loose lotte lug macken machern maehren mandel
    mantel march mark mauer mauern mehren meine mengen merzen moos morschen motten much muecke mueden muenster muessen murr
    nack nagel nahe nebel neef nieste norden nuetzen ohne orbis osten otter owen patzig perl plate platten plein pohl polling
    preist puls rade rain rauen recke rees regen rehe reich riegel ried ringe roden rohr rom rosa rot roth rueber rust saal
    sachsen salem salm salz sand sande sassen scheuern schieren schlangen schleife schlier schmitt schmuecke schonungen
    schotten schuld schutz schwall schwarz schwarzen schwollen seelen seifen senden seth siegen singen sinn sonnen spall spalt
    spay speicher spessart springe staig stapel stegen stein steinen steinreich stelle stemmen stoessen strahlungen strande
    suessen tann tauche theres tonna train trent treuen trogen ulmen viereck vogt vogtei wald wallen wang wangen wanna waren
    wehr weibern weida weiden weil weilen weiler weisen welle wellen welt weng wenden werben weste wetter widdern wied wiesen
    winden winkel winzer wirft wisch wissen wolken worms worth wrist zeil zimmern
    """.split()
)
"""In the spelling of `knowledge.text.fold`. A text that names one means the place only where it says so: „ich wohne in Essen".

Gathered from the Gemeindeverzeichnis of 30 November 2023: every name of one word that occurs in ordinary German or English
too, read through by hand. A name that is missing here counts as a place sooner than it should.
"""

VERBS: Final[frozenset[str]] = frozenset(("erlangen",))
"""Names of large cities that are verbs too; only the capital tells which is meant."""

NO_INHABITANTS: Final[frozenset[str]] = frozenset(
    "asperger berner bretter further hammer hunger rottweiler selber welder welders".split()
)
"""What is no inhabitant of Asperg, Bern, Bretten, Furth, Hamm, Hungen, Rottweil, Selb or Welden."""
