// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What GDAL notes in its XML tag.
 *
 * @param items of the whole image, by name
 * @param bandNames descriptions by band, counted from 0; bands without one are absent
 */
record GdalMetadata(Map<String, String> items, Map<Integer, String> bandNames) {
    private static final int TAG = 42112;

    static GdalMetadata of(TiffSource source, TiffDirectory tags) {
        GdalMetadata metadata = new GdalMetadata(new LinkedHashMap<>(), new LinkedHashMap<>());
        if (tags.has(TAG)) {
            try {
                metadata.parse(tags.text(TAG));
            } catch (XMLStreamException | NumberFormatException e) {
                throw source.bad("the XML of its tag " + TAG + " is malformed (" + e.getMessage() + ")",
                        "Rewrite it with gdal_translate");
            }
        }
        return metadata;
    }

    private void parse(String text) throws XMLStreamException {
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        XMLStreamReader xml = factory.createXMLStreamReader(new StringReader(text));
        try {
            while (xml.hasNext()) {
                if (xml.next() == XMLStreamConstants.START_ELEMENT && xml.getLocalName().equals("Item")) {
                    add(xml);
                }
            }
        } finally {
            xml.close();
        }
    }

    private void add(XMLStreamReader xml) throws XMLStreamException {
        String name = xml.getAttributeValue(null, "name");
        String sample = xml.getAttributeValue(null, "sample");
        String role = xml.getAttributeValue(null, "role");
        String value = xml.getElementText().strip();
        if (sample == null && name != null) {
            items.put(name, value);
        } else if ("description".equals(role) && sample != null) {
            bandNames.put(Integer.parseInt(sample), value);
        }
    }
}
